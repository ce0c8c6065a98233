import pytest

from tritone.errors import TextError
from tritone.text.characters import read_paragraphs
from tritone.text.english import READ_ALOUD


def paragraphs(text, longest=20000):
    return read_paragraphs(text if isinstance(text, bytes) else text.encode(), longest, READ_ALOUD)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Hello,  world\n", "Hello, world"),
        ("na\u00efve caf\u00e9", "naive cafe"),
        ("nai\u0308ve", "naive"),
        ("\u00c6ther, \u0153uvre, Stra\u00dfe, \u0141\u00f3d\u017a", "Aether, oeuvre, Strasse, Lodz"),
        ("it\u2019s \u201cso\u201d", 'it\'s "so"'),
        ("wait\u2026", "wait..."),
        ("\uff28\uff45\uff4c\uff4c\uff4f", "Hello"),
        ("2\u00bd cups", "2 1/2 cups"),
        ("5 m\u00b2", "5 m^2"),
        ("\u0663 \u0967", "3 1"),
        ("ready \U0001f600\U0001f44d\U0001f3fd go", "ready go"),
        ("flag \U0001f1e9\U0001f1ea, key 1\ufe0f\u20e3", "flag , key 1"),
        ("bell \x07 and \x00 zero", "bell and zero"),
        ("co\u00adop\u200derate\ufeff", "cooperate"),
        ("private \ue000 use", "private use"),
        ("tab\tand\r\nline\u2028end", "tab and line end"),
        ("\u2192 right", "\u2192 right"),
        ("a \u2260 b, =\u0338", "a \u2260 b, \u2260"),
        ("10\u2076, 10\u207b\u00b3, x\u207f", "10^6, 10^-3, x^n"),
        ("the theory\u00b9 holds.\u00b2", "the theory holds."),
        ("1\u202f000\u202f000, 12\u00a0345", "1000000, 12345"),
        ("\u22125, \u20a91000", "\u22125, \u20a91000"),
        ("a \u2295 b, 5 \u20af", "a circled plus b, 5 drachma"),
        ("\u0394t, \u03b1-rays, \u03bc\u03a9", "\u0394t, \u03b1-rays, \u03bc\u03a9"),
        ("20\u00baC, 20\u2103", "20\u00b0C, 20\u00b0C"),
        ("AT&amp;T &lt;b&gt; &euro;5 &copy; A&B; &unknown;", "AT&T <b> \u20ac5 \u00a9 A&B; &unknown;"),
        ("<b class='x'>bold</b> a<b and c>d", "bold a<b and c>d"),
        ("x<sup>2</sup>, H<sub>2</sub>O, <!-- no -->yes", "x^2, H2O, yes"),
        ("# Title\n> quoted\n[a link](https://example.com)", "Title quoted a link"),
        ("- one\n- two\n- three", "one, two, three,"),
        ("- 5 apples", "- 5 apples"),
        ("20\u00b0C, \u00a35, \u20ac6", "20\u00b0C, \u00a35, \u20ac6"),
    ],
)
def test_text_is_brought_to_ascii_and_signs_that_are_read(text, read):
    assert paragraphs(text) == [read]


def test_blank_line_ends_a_paragraph_and_a_line_break_does_not():
    assert paragraphs("one\ntwo\n\n  \nthree\r\n\r\nfour") == ["one two", "three", "four"]


@pytest.mark.parametrize("text", ["", " \t\n", "\U0001f600", "\x00\x01", "\u200b\n\n\u200b"])
def test_text_without_characters_has_no_paragraphs(text):
    assert paragraphs(text) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"ab\xff", "invalid byte at offset 2"),
        (b"\xc3", "invalid byte at offset 0"),
        (b"\xed\xa0\x80", "invalid byte at offset 0"),
        ("a" * 11, "at most 10 characters, got 11; send it in parts"),
        ("\u041f", r"U\+041F CYRILLIC CAPITAL LETTER PE; transliterate"),
        ("\u4f60\u4f60\u597d", r"U\+4F60 CJK UNIFIED IDEOGRAPH-4F60, U\+597D"),
        ("\u03bb\u03cc\u03b3", "U\\+03BB GREEK SMALL LETTER LAMDA"),
        ("\u0430\u0431\u0432\u0433\u0434\u0435\u0436", "and 2 more"),
        ("\u0259", "LATIN SMALL LETTER SCHWA"),
    ],
)
def test_text_that_breaks_a_rule_is_refused(text, says):
    with pytest.raises(TextError, match=says):
        paragraphs(text, 10)


def test_longest_text_is_read():
    assert paragraphs("a" * 10, 10) == ["a" * 10]


def test_error_never_repeats_the_text():
    with pytest.raises(TextError) as refused:
        paragraphs("my secret \u0436")
    assert "secret" not in str(refused.value)
