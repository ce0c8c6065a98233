"""Words from pieces: SentencePiece, WordPiece, bytes, marks and what no piece is known for."""

import numpy as np
import pytest

from export.recognition.labels import SPACE, piece_fields
from tritone.recognition.ctc import CtcDecoder
from tritone.recognition.frames import Frames
from tritone.recognition.labels import Labels

FRAME_S = 0.08
PIECES = [
    "<unk>", SPACE, f"{SPACE}he", "ll", "o", f"{SPACE}wor", "ld", ".", f"{SPACE},", "?", "'", "s",
    f"{SPACE}it", "<0xC3>", "<0xA9>", f"{SPACE}caf", f"{SPACE}10", "%",
]  # fmt: skip
TABLE = Labels.of(
    piece_fields(
        PIECES, [piece.replace(SPACE, "") for piece in PIECES], [piece.startswith(SPACE) for piece in PIECES]
    )
)
DECODER = CtcDecoder(TABLE, FRAME_S, pause_s=0.5, end_pad_s=0.2)
BLANK = len(PIECES)


def decode(*emitted, duration_s=100.0):
    """Decode pieces, one frame each; a number stands for as many blank frames."""
    best = []
    for item in emitted:
        best += [BLANK] * item if isinstance(item, int) else [PIECES.index(item.replace("_", SPACE))]
    labels = np.array(best, np.int32).reshape(-1, 1)
    return DECODER.decode(Frames(np.full(labels.shape, np.log(0.9), np.float32), labels), duration_s)


@pytest.mark.parametrize(
    ("emitted", "transcript"),
    [
        (["_he", "ll", "o", "_wor", "ld"], "hello world"),
        (["_he", 1, "ll", 9, "o"], "hello"),
        (["_he", "ll", 1, "ll", "o"], "hellllo"),
        (["_he", "ll", "ll", "o"], "hello"),
        (["_", "ll", "o", "_", "ld"], "llo ld"),
        (["_", "_he", "_", "_"], "he"),
        (["_he", "ll", "o", ".", "_wor", "ld", "?"], "hello. world?"),
        (["_he", "_", ".", "_it"], "he. it"),
        (["_he", "_,", "_it"], "he, it"),
        (["_10", "_", "%"], "10%"),
        ([".", "_he"], ". he"),
        (["_it", "'", "s"], "it's"),
        (["_caf", "<0xC3>", "<0xA9>", "_it"], "caf\N{LATIN SMALL LETTER E WITH ACUTE} it"),
        (["_caf", "<0xC3>", "_it"], "caf\N{REPLACEMENT CHARACTER} it"),
        (["_he", "<unk>", "ll", "o"], "he llo"),
        (["<unk>"], ""),
        (["_"], ""),
        ([5], ""),
    ],
)
def test_pieces_become_words(emitted, transcript):
    assert decode(*emitted).transcript == transcript


def test_slow_word_is_one_word_whatever_its_pauses():
    assert decode("_he", 20, "ll", 20, "o").word == ("hello",)


def test_word_goes_on_after_its_last_piece_until_the_next_one_starts():
    words = decode("_he", 1, "_it", 10, "_wor", "ld")
    np.testing.assert_allclose(words.start_s, [0.0, 0.16, 1.04], rtol=1e-6)
    np.testing.assert_allclose(words.end_s, [0.16, 0.44, 1.4], rtol=1e-6)


def test_no_word_ends_after_the_recording():
    assert decode("_he", duration_s=0.1).end_s.tolist() == [np.float32(0.1)]


def test_wordpiece_starts_a_word_without_its_prefix():
    names = ["the", "##re", "re", "[UNK]"]
    table = Labels.of(
        piece_fields(names, [name.removeprefix("##") for name in names], [True, False, True, True])
    )
    frames = Frames(np.zeros((4, 1), np.float32), np.array([[0], [1], [2], [4]], np.int32))
    assert CtcDecoder(table, FRAME_S).decode(frames, 9.0).word == ("there", "re")


def test_letters_are_no_pieces():
    assert not Labels.letters([" ", "a"], 2).are_pieces
    assert TABLE.are_pieces
