import pytest

from tritone.errors import TextError
from tritone.punctuation.transcript import read_transcript, require_words


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"hello  world\n", "hello world"),
        (b"", ""),
        (b" \t\r\n ", ""),
        ("caf\u00e9 \U0001f600 \u4f60\u597d".encode(), "caf\u00e9 \U0001f600 \u4f60\u597d"),
        (b"a" * 100, "a" * 100),
    ],
)
def test_text_is_kept_with_single_spaces(data, text):
    assert read_transcript(data, 100) == text


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"ab\xff\xfe", "invalid byte at offset 2"),
        (b"a" * 101, "at most 100 characters, got 101"),
        (b"bell \x07", r"U\+0007 at character 5"),
        (b"\x00", r"U\+0000"),
        ("next\u0085line\u0080".encode(), r"U\+0080"),
    ],
)
def test_text_that_breaks_a_rule_is_refused(data, says):
    with pytest.raises(TextError, match=says):
        read_transcript(data, 100)


def test_error_never_repeats_the_text():
    with pytest.raises(TextError) as refused:
        read_transcript(b"my secret \x07", 100)
    assert "secret" not in str(refused.value)


def test_text_without_words_is_refused_where_words_are_needed():
    with pytest.raises(TextError, match="at least one word"):
        require_words("")
