"""punctuate on the real server."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from tritonclient.utils import InferenceServerException

from .conftest import text


def punctuated(infer, transcript):
    return infer("punctuate", transcript=text(transcript))["text"][0, 0].decode()


def letters(value):
    return [word.strip(",.?").lower() for word in value.split()]


@pytest.mark.parametrize(
    "transcript",
    [
        "hello",
        "how are you today i am fine thank you",
        "  several   spaces\tand\nlines ",
        "emoji \U0001f600 and \u4f60\u597d stay as they are",
        "caf\u00e9 na\u00efve",
        "word " * 3000,
        "x" * 5000,
    ],
)
def test_every_word_comes_back_in_order(infer, transcript):
    assert letters(punctuated(infer, transcript)) == letters(transcript)


def test_many_texts_at_once_get_their_own_answers(infer):
    texts = [f"number {'so ' * index}and the end" for index in range(32)]
    expected = [punctuated(infer, value) for value in texts]
    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(lambda value: punctuated(infer, value), texts)) == expected


@pytest.mark.parametrize(
    ("transcript", "says"),
    [
        ("", "at least one word"),
        (" \n\t ", "at least one word"),
        ("a" * 100_000, "at most 80000 characters, got 100000"),
        ("bell \x07 rings", "U+0007"),
        (b"caf\xe9", "invalid byte at offset 3"),
    ],
)
def test_bad_text_has_its_own_clear_error(infer, transcript, says):
    with pytest.raises(InferenceServerException) as refused:
        punctuated(infer, transcript)
    assert refused.value.status() == "StatusCode.INVALID_ARGUMENT"
    assert says in refused.value.message()


@pytest.mark.parametrize(
    "written",
    [
        "Hello, how are you? I am fine.",
        "hello, how are you? i am fine.",
        '"Stop!" he said (twice) ... and left',
        "See e.g. http://example.com/a?b=1 or write to bob@example.com, it costs $3.50.",
        "well-known facts: the dogs' o'clock; don't",
    ],
)
def test_a_text_with_marks_keeps_them_and_gets_no_second_ones(infer, written):
    once = punctuated(infer, written)
    assert not re.search(r"[,?!;:][.,?!;:]|[^.][.][,?!;:]", re.sub(r"\w\.\w\.|https?://\S+", "", once))
    bare = re.sub(r"[^\w]", "", written.lower())
    assert re.sub(r"[^\w]", "", once.lower()) == bare
    assert [mark for mark in written if mark in '!;:"()'] == [mark for mark in once if mark in '!;:"()']
    assert punctuated(infer, once).lower() == once.lower()
