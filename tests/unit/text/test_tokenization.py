import random
import re
import string

import numpy as np
import pytest

from tritone.errors import TextError
from tritone.text.tokenization import TextLimits, TextTokenizer, stack_texts
from tritone.text.utterances import Pauses

from .conftest import write_voice

PAUSES = Pauses(sentence=0.3, clause=0.1, cut=0.01, paragraph=0.7)
LIMITS = TextLimits(text_characters=20000, speech_s=1e6, symbol_s=0.1)


@pytest.fixture
def tokenizer(voice):
    return TextTokenizer.load(voice, PAUSES, LIMITS)


def said(tokenizer, text):
    names = tokenizer._symbols.symbols
    return [
        "".join(names[index] for index in row).strip() for row in tokenizer.tokenize(text.encode()).symbols
    ]


def test_every_sentence_is_an_utterance_with_its_pause(tokenizer):
    text = tokenizer.tokenize(b"Hello world. The cat! \n\n Hello?")
    assert len(text.symbols) == 3
    np.testing.assert_allclose(text.pause_s, [0.3, 0.7, 0])
    assert text.pause_s.dtype == np.float32
    assert all(row.dtype == np.int64 and row[0] == row[-1] == 0 for row in text.symbols)


def test_unknown_capitals_are_read_letter_by_letter(tokenizer):
    assert said(tokenizer, "BT") == ["BIY1 TIY1."]


@pytest.mark.parametrize("text", ["", " \n\t", "?!...", "--", "\U0001f600 \U0001f44d", "\x07", "'", "()"])
def test_text_with_nothing_to_say_is_refused(tokenizer, text):
    with pytest.raises(TextError, match="at least one letter, digit or sign"):
        tokenizer.tokenize(text.encode())


@pytest.mark.parametrize("text", ["a", "7", "%", "I", "A.", "x" * 73, "12345", "HELLO WORLD", "\U0001f600 a"])
def test_least_texts_are_spoken(tokenizer, text):
    (*_, last) = tokenizer.tokenize(text.encode()).symbols
    assert len(last) > 3


@pytest.mark.parametrize(
    "text", ["a" * 20000, "1" * 20000, "a " * 10000, "a. " * 6666, "1 " * 10000, "A" * 20000]
)
def test_longest_text_is_cut_into_utterances_that_fit(tokenizer, text):
    rows = tokenizer.tokenize(text.encode()).symbols
    assert max(map(len, rows)) <= 72 + 2
    assert len(rows) >= len(text) // 72


def test_any_text_with_something_to_read_is_spoken(tokenizer):
    randomness = random.Random(0)
    pieces = [
        *string.printable,
        *string.digits * 3,
        *"$\u00a3\u20ac%.,:/-'@#&\u00b2\u00bd\u00b0\u2013\u2014\u00d7\u03bc\u2026\u201c\u0301\U0001f600",
    ]
    pieces += [
        "Mr.",
        "St.",
        " p.m.",
        "am",
        "10:30",
        "2024",
        "1/2",
        "km/h",
        "XIV",
        "War II",
        "http://",
        "www.",
        "us$",
    ]
    pieces += [
        "a.com",
        "e.g.",
        "U.S.",
        "January",
        "5th",
        "million",
        "'s",
        "'90s",
        "...",
        "\n\n",
        "1,000",
        "AB",
        "etc.",
    ]
    for _ in range(1000):
        text = "".join(randomness.choices(pieces, k=randomness.randint(1, 60)))
        if not re.search(r"[A-Za-z0-9$\u00a3\u20ac%&@#\u00b2\u00bd\u00b0\u00d7\u03bc+=]", text):
            continue
        spoken = tokenizer.tokenize(text.encode())
        assert all(2 < len(row) <= 2 * 72 + 2 for row in spoken.symbols), text


def test_longer_text_than_allowed_is_refused(tokenizer):
    with pytest.raises(TextError, match="at most 20000 characters, got 20001"):
        tokenizer.tokenize(b"a" * 20001)


def test_speech_is_counted_and_not_characters(voice):
    text = b"The cat. The cat."
    symbols = sum(map(len, TextTokenizer.load(voice, PAUSES, LIMITS).tokenize(text).symbols))
    within = TextTokenizer.load(voice, PAUSES, TextLimits(20000, symbols * 0.1 + 0.31, 0.1))
    assert len(within.tokenize(text).symbols) == 2
    short = TextTokenizer.load(voice, PAUSES, TextLimits(20000, symbols * 0.1 + 0.29, 0.1))
    says = rf"s of speech, got about \d+ s \({symbols} symbols.*send it in parts"
    with pytest.raises(TextError, match=says):
        short.tokenize(text)


def test_a_reading_has_a_line_for_every_paragraph(tokenizer):
    text = tokenizer.tokenize(b"It's 5 km.\nOK?\n\n...\n\n2 cats")
    assert text.reading == "It's five kilometers. oh kay?\ntwo cats"


def test_words_without_phonemes_are_read_letter_by_letter_where_letters_are_no_symbols(tmp_path):
    tokenizer = TextTokenizer.load(write_voice(tmp_path, letters=False), PAUSES, LIMITS)
    assert said(tokenizer, "hello bta") == ["HHEH1LOW1 BIY1 TIY1 EY1."]


def test_stacking_fills_up_with_pads_and_lengths_of_zero(tokenizer):
    texts = [tokenizer.tokenize(text) for text in (b"Hello. Hello world. The cat.", b"a")]
    symbols, symbols_length, pause_s = stack_texts(texts, tokenizer.pad_id)
    assert symbols.shape == (2, 3, max(len(row) for text in texts for row in text.symbols))
    assert symbols_length.tolist()[1] == [len(texts[1].symbols[0]), 0, 0]
    assert (symbols[1, 0, symbols_length[1, 0] :] == tokenizer.pad_id).all()
    assert (symbols[1, 1:] == tokenizer.pad_id).all()
    for place, row in enumerate(texts[0].symbols):
        np.testing.assert_array_equal(symbols[0, place, : symbols_length[0, place]], row)
    np.testing.assert_allclose(pause_s, [[0.3, 0.3, 0], [0, 0, 0]])
