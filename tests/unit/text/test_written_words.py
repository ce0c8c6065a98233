"""Times of written words."""

import numpy as np
import pytest

from tritone.errors import InputError, TextError
from tritone.text.written_words import TimedText, WrittenWord, timed
from tritone.utf8 import decode_text

# pay two hundred dollars now
WRITTEN = [WrittenWord("Pay", 0, 1), WrittenWord("$200", 1, 4), WrittenWord("now.", 4, 5)]
TIMES = np.array(
    [[0.1, 0.4, 0.9], [0.5, 0.8, 0.7], [0.9, 1.2, 0.3], [1.3, 1.6, 0.8], [2.0, 2.5, 1.0]], np.float32
)


def test_a_written_word_lasts_as_long_as_its_words():
    np.testing.assert_allclose(timed(WRITTEN, TIMES), [[0.1, 0.4, 0.9], [0.5, 1.6, 0.3], [2.0, 2.5, 1.0]])


def test_padding_of_a_batch_is_no_word():
    padded = np.concatenate([TIMES, np.zeros((3, 3), np.float32)])
    np.testing.assert_array_equal(timed(WRITTEN, padded), timed(WRITTEN, TIMES))


def test_silence_has_no_times():
    text = TimedText.of([], np.zeros((0, 3), np.float32))
    assert (text.text, text.word, text.times.shape) == ("", (), (0, 3))


@pytest.mark.parametrize("times", [TIMES[:-1], np.concatenate([TIMES, TIMES])])
def test_times_of_other_words_are_not_given_to_these(times):
    text = TimedText.of(WRITTEN, times)
    assert (text.text, text.word, text.times.shape) == ("Pay $200 now.", (), (0, 3))


@pytest.mark.parametrize("shape", [(5, 2), (5, 4), (5,)])
def test_times_in_another_layout_are_refused(shape):
    with pytest.raises(InputError, match="word_times: expected 3 columns"):
        timed(WRITTEN, np.ones(shape, np.float32))


def test_texts_are_checked_and_not_echoed():
    assert decode_text("na\u00efve".encode(), "text", 10) == "na\u00efve"
    with pytest.raises(TextError, match="text: expected UTF-8, got an invalid byte at offset 3"):
        decode_text(b"abc\xff", "text", 10)
    with pytest.raises(
        TextError, match="text: expected at most 10 characters, got 11; send it in parts"
    ) as error:
        decode_text(b"secretwords", "text", 10)
    assert "secret" not in str(error.value)
