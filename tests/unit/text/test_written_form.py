"""English words in figures: what is written, what stays, and what each written word stands for."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tritone.errors import ArtifactError, CancelledError
from tritone.text.english.written import WrittenForm
from tritone.text.english.written.grammar import Grammar

HERE = Path(__file__).parent
WRITTEN = [line.split("\t") for line in (HERE / "written.tsv").read_text().splitlines()]
UNWRITTEN = (HERE / "unwritten.txt").read_text().splitlines()


@pytest.fixture(scope="module")
def form():
    return WrittenForm()


@pytest.fixture(scope="module")
def stands_for(form):
    """Return a function that gives the written words of a text, each with its spoken words."""

    def pairs(text):
        words = text.split()
        written = form.write(words)
        assert [word.first for word in written] == [0, *(word.end for word in written[:-1])][: len(written)]
        assert (written[-1].end if written else 0) == len(words)
        assert all(word.first < word.end for word in written)
        return [(word.text, " ".join(words[word.first : word.end])) for word in written]

    return pairs


@pytest.mark.parametrize(("spoken", "expected"), WRITTEN, ids=[row[0][:40] for row in WRITTEN])
def test_numbers_are_written_in_figures(stands_for, spoken, expected):
    assert " ".join(text for text, _ in stands_for(spoken)) == expected


@pytest.mark.parametrize("text", UNWRITTEN, ids=[line[:40] for line in UNWRITTEN])
def test_ordinary_words_stay_words(stands_for, text):
    assert stands_for(text) == [(word, word) for word in text.split()]


@pytest.mark.parametrize(
    ("spoken", "expected"),
    [
        ("Pay two hundred and fifty dollars now.", {"$250": "two hundred and fifty dollars"}),
        ("two million dollars", {"$2": "two", "million": "million dollars"}),
        ("two hundred million dollars", {"$200": "two hundred", "million": "million dollars"}),
        ("a million dollars", {"$1": "a", "million": "million dollars"}),
        ("At three thirty p m.", {"03:30": "three thirty", "p.m.": "p m."}),
        ("eight a m e s t", {"08:00": "eight", "a.m.": "a m", "EST": "e s t"}),
        ("sixty miles per hour", {"60": "sixty", "mph": "miles per hour"}),
        ("ninety percent, ten kilograms", {"90%,": "ninety percent,", "10": "ten", "kg": "kilograms"}),
        ("on may third twenty twenty six", {"May": "may", "3": "third", "2026": "twenty twenty six"}),
        ("the third of june", {"3": "the third of", "June": "june"}),
        ("a quarter past nine", {"09:15": "a quarter past nine"}),
        ("half past ten o'clock", {"10:30": "half past ten o'clock"}),
        ("write john at example dot com", {"john@example.com": "john at example dot com"}),
        ("Twenty-five people", {"25": "Twenty-five"}),
    ],
)
def test_a_written_word_stands_for_the_words_it_replaces(stands_for, spoken, expected):
    pairs = stands_for(spoken)
    changed = dict(pair for pair in pairs if pair[0] != pair[1])
    assert {text: words for text, words in changed.items() if text in expected} == expected


def test_repeated_numbers_keep_their_places(stands_for):
    assert stands_for("one hundred and one hundred and one one hundred") == [
        ("100", "one hundred"),
        ("and", "and"),
        ("101", "one hundred and one"),
        ("100", "one hundred"),
    ]
    assert stands_for("five five five, five five five.") == [
        ("555,", "five five five,"),
        ("555.", "five five five."),
    ]


def test_nothing_is_written_for_nothing(form):
    assert form.write([]) == []


@pytest.mark.parametrize(
    "word",
    [
        '"',
        "\\",
        "{",
        "}",
        'a"b',
        "two{hundred}",
        "\u00e9t\u00e9",
        "\u4e8c\u767e",
        "\U0001f600",
        "...",
        "-",
        "'",
        "20",
        "$5",
        "a.m.",
    ],
)
def test_words_that_are_no_english_words_are_left_alone(stands_for, word):
    assert stands_for(f"{word} two hundred {word}") == [(word, word), ("200", "two hundred"), (word, word)]


def test_long_series_of_digits_are_written_in_groups(form):
    digits = "nine two three four five six seven eight nine zero"
    words = digits.split() * 200
    written = form.write(words)
    assert "".join(word.text for word in written) == "9234567890" * 200
    assert max(word.end - word.first for word in written) <= 40
    assert all(word.text.isdigit() for word in written)


def test_a_long_text_without_marks_is_written_like_its_parts(stands_for):
    sentence = "it cost two hundred and fifty dollars in nineteen eighty four and nobody knew why they did it"
    once = stands_for(sentence)
    assert stands_for(" ".join([sentence] * 50)) == once * 50


def test_a_text_without_numbers_never_reaches_the_grammar(form, monkeypatch):
    def fail(*_):
        raise AssertionError("called")

    monkeypatch.setattr(Grammar, "tokens", fail)
    text = "Often, the convicts give way to despair. They are too closely watched."
    words = text.split()
    assert [word.text for word in form.write(words)] == words


def test_threads_share_the_grammar(form):
    texts = [spoken for spoken, _ in WRITTEN] * 8
    alone = [form.write(text.split()) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda text: form.write(text.split()), texts)) == alone


def test_a_cancelled_caller_is_not_served(form):
    with pytest.raises(CancelledError):
        form.write(["two", "hundred"], lambda: True)


def test_cancelling_ends_a_long_series_of_numbers(form):
    checks = iter([False] * 5)
    with pytest.raises(CancelledError):
        form.write(["two", "hundred", "men"] * 100, lambda: next(checks, True))
    assert next(checks, None) is None


def test_missing_grammars_are_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ArtifactError, match=r"wetext: expected its English grammars.*make setup"):
        WrittenForm()


def test_tokens_that_lose_a_word_are_not_used(form, monkeypatch):
    monkeypatch.setattr(form._grammar, "_tag", lambda text: 'cardinal { integer: "two" } ')
    assert [word.text for word in form.write(["two", "hundred"])] == ["two", "hundred"]
