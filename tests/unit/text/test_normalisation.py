import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tritone.text.characters import read_paragraphs
from tritone.text.english import READ_ALOUD, Normaliser

WORDS = frozenset(["nasa", "us", "id", "the", "it", "go", "now", "is", "a", "test", "ram", "and"])
NORMALISER = Normaliser(WORDS.__contains__)


def normalise(text):
    (paragraph,) = read_paragraphs(text.encode(), 100_000, READ_ALOUD)
    return NORMALISER.normalise(paragraph)


NUMBERS = [
    ("I have 3 cats and 21 dogs.", "I have three cats and twenty one dogs."),
    ("0 and 007", "zero and zero zero seven"),
    ("1,204 and 1000000", "one thousand two hundred four and one million"),
    ("3.14, 0.5, .5 and 3.0", "three point one four, zero point five, point five and three point zero"),
    ("-5 and -0.5", "minus five and minus zero point five"),
    ("1st, 22nd, 103rd", "first, twenty second, one hundred third"),
    ("5th-grade", "fifth-grade"),
    ("1/2 of 3/4, 2 1/2 and 7/8", "one half of three quarters, two and a half and seven eighths"),
    ("2\u00bd", "two and a half"),
    ("24/7, 9/11, 50/50", "twenty four seven, nine eleven, fifty fifty"),
    ("10-20", "ten to twenty"),
    ("version 2.0.1", "version two point zero point one"),
    ("192.168.0.1", "one hundred ninety two dot one hundred sixty eight dot zero dot one"),
    ("4K, B2B, a1b2", "four kay, bee two bee, ay one bee two"),
    ("1234567890123456", "one two three four five six seven eight nine zero one two three four five six"),
    ("2:1", "two to one"),
    ("#1", "number one"),
    ("2^2, x\u00b3, 10^6", "two squared, x cubed, ten to the power of six"),
]
MONEY = [
    ("$3.50", "three dollars and fifty cents"),
    ("$1 and $1.01", "one dollar and one dollar and one cent"),
    ("$0.99", "ninety nine cents"),
    ("$1,234.56", "one thousand two hundred thirty four dollars and fifty six cents"),
    ("\u00a320 or \u20ac15?", "twenty pounds or fifteen euros?"),
    ("$5 million, $2.5bn", "five million dollars, two point five billion dollars"),
    ("$5-10, $5-$10 million", "five to ten dollars, five to ten million dollars"),
    ("5\u20ac, 10 USD, 50\u00a2", "five euros, ten dollars, fifty cents"),
]
MEASURES = [
    ("50%, 0.5 %", "fifty percent, zero point five percent"),
    ("5 km at 60 km/h", "five kilometers at sixty kilometers per hour"),
    ("1 kg, 10kg", "one kilogram, ten kilograms"),
    ("6 ft, 16 GB", "six feet, sixteen gigabytes"),
    ("20\u00b0C, 98.6\u00b0F, 90\u00b0",
     "twenty degrees Celsius, ninety eight point six degrees Fahrenheit, ninety degrees"),
    ("5 cm\u00b2", "five square centimeters"),
    ("5'10\"", "five foot ten"),
    ("440 Hz", "four hundred forty hertz"),
]  # fmt: skip
DATES = [
    ("On 12 March 2024 it rained.", "On March twelfth, twenty twenty four it rained."),
    ("March 3, 1999", "March third, nineteen ninety nine"),
    ("Jan. 5th, 2010", "January fifth, twenty ten"),
    ("2024-03-12", "March twelfth, twenty twenty four"),
    (
        "03/12/2024 and 25/12/1999",
        "March twelfth, twenty twenty four and December twenty fifth, nineteen ninety nine",
    ),
    ("May 5, 5 May", "May fifth, the fifth of May"),
    ("the 1990s, the '90s, the 60s", "the nineteen nineties, the nineties, the sixties"),
    ("In 1984, 2001 and 2026.", "In nineteen eighty four, two thousand one and twenty twenty six."),
    ("1905, 1900, 2000", "nineteen oh five, nineteen hundred, two thousand"),
    ("1914-1918, 1939-45", "nineteen fourteen to nineteen eighteen, nineteen thirty nine to forty five"),
    ("3:45 pm", "three forty five pee em"),
    ("10:30, 12:00, 7:05", "ten thirty, twelve o'clock, seven oh five"),
    ("at 7 a.m.", "at seven ay em."),
    ("23:59:59", "twenty three fifty nine and fifty nine seconds"),
    ("3 pm\u20135 pm", "three pee em to five pee em"),
    ("45/99/2024", "forty five slash ninety nine slash twenty twenty four"),
]
CODES = [
    ("555-1234", "five five five, one two three four"),
    ("(212) 555-0123", "two one two, five five five, zero one two three"),
    ("+1 212 555 0123", "plus one, two one two, five five five, zero one two three"),
    ("1-800-555-1234", "one, eight zero zero, five five five, one two three four"),
    ("john.doe@example.com", "john dot doe at example dot com"),
    ("https://www.example.com/path?q=1.",
     "double you double you double you dot example dot com slash path question mark q equals one."),
    ("visit example.com.", "visit example dot com."),
    ("read main.py", "read main dot py"),
]  # fmt: skip
ABBREVIATIONS = [
    ("Mr. Smith and Dr. Jones met Mrs. Brown.", "Mister Smith and Doctor Jones met Missus Brown."),
    ("St. James St. is near 5th Ave.", "Saint James Street is near fifth Avenue."),
    ("Prof. Lee vs. Gen. Grant", "Professor Lee versus General Grant"),
    ("e.g. this, i.e. that, etc.", "for example this, that is that, et cetera."),
    ("No. 5, Fig. 3, pp. 10-12", "Number five, Figure three, pages ten to twelve"),
    ("No. I said no. 5 came.", "No. I said no. five came."),
    ("MR. SMITH WAS HERE", "MISTER SMITH WAS HERE"),
    ("It took 5 min. He left.", "It took five minutes. He left."),
    ("on 5 Jan. he left", "on the fifth of January he left"),
    ("the U.S. Army", "the you ess Army"),
    ("in the U.S.", "in the you ess."),
    ("J. K. Rowling", "jay kay Rowling"),
    ("Ph.D.", "pee h dee"),
    ("World War II, Chapter IV, Henry VIII", "World War two, Chapter four, Henry the eighth"),
    ("NASA and XQZ", "NASA and ex cue zee"),
    ("two XQZs", "two ex cue zees"),
    ("the US", "the you ess"),
    ("IT IS US NOW", "IT IS US NOW"),
    ("AT&T", "ay tee and tee"),
]
SIGNS = [
    ("A & B", "A and B"),
    ("1 + 1 = 2", "one plus one equals two"),
    ("3 x 4", "three times four"),
    ("5 < 6 > 4", "five less than six greater than four"),
    ("C# and C++", "C sharp and C plus plus"),
    ("@home #now", "at home hash now"),
    ("and/or, a/b", "and or, a slash b"),
    ("~5", "about five"),
    ("$ % &", "dollars percent and"),
]
MARKS = [
    ("Fine; thanks: \"quoted\" (bracket) [x]", "Fine, thanks, quoted, bracket, x"),
    ("so -- yes \u2014 no \u2013 maybe - well", "so, yes, no, maybe, well"),
    ("What?! Really!!! Wait... no...", "What? Really! Wait, no."),
    ("don't, o'clock, the dogs' 'tis", "don't, o'clock, the dogs tis"),
    ("well-known -x- y-", "well-known x y"),
    ("**bold** _it_ `code`", "bold it code"),
    ("a | b", "a, b"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "spoken"),
    [*NUMBERS, *MONEY, *MEASURES, *DATES, *CODES, *ABBREVIATIONS, *SIGNS, *MARKS],
)
def test_text_is_written_as_it_is_spoken(written, spoken):
    assert normalise(written) == spoken


@pytest.mark.parametrize(
    "unit", [*"aA1.,-/:'$%@#+=(&^<~ ", "1,", "1.", "a.", "1-", "1/", "a@", "1:", "A ", "'s", "$1 ", "www."]
)
def test_monotonous_text_takes_no_more_than_linear_time(unit):
    text = (unit * 10000)[:10000]
    started = time.process_time()
    NORMALISER.normalise(text.strip())
    assert time.process_time() - started < 5  # a pattern that backtracks over all of it takes minutes


HOSTILE = [
    *(
        "\u00bd",
        "\u00b2",
        "\\",
        "C:\\",
        "<b",
        "<b ",
        "<!--",
        "&a",
        "&amp;",
        "- a\n",
        "[a](",
        "> ",
        "=",
        "!",
        "1^",
    ),
    *(
        "5 km ",
        "0 ",
        "1 ",
        "1 to ",
        "10:",
        "10:15 ",
        "May ",
        "Henry I ",
        "Parts I, ",
        "St ",
        "v1.",
        "0x1",
        "1x",
    ),
    *("$5m-", "A-B ", "e.g. "),
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_text_takes_no_more_than_linear_time(unit):
    started = time.process_time()
    normalise("a " + (unit * 20_000)[:20_000])
    assert time.process_time() - started < 8  # about a second for the slowest; quadratic work takes minutes


def test_only_letters_apostrophes_hyphens_and_four_marks_remain():
    everything = " ".join(f"{chr(a)}{chr(b)}" for a in range(33, 127) for b in range(33, 127))
    spoken = normalise(everything)
    assert set(spoken) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'-.,?! ")


def test_normalised_text_stays_as_it_is():
    text = "In nineteen eighty four, it's well-known. Is it? Yes!"
    assert normalise(text) == text


def test_threads_do_not_mix_their_numbers():
    numbers = [str(number) for number in range(1_000_000, 1_000_400)]
    expected = [normalise(number) for number in numbers]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(normalise, numbers)) == expected
