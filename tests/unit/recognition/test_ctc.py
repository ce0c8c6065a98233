import numpy as np
import pytest

from tritone.errors import InputError
from tritone.recognition.ctc import CtcDecoder
from tritone.recognition.frames import Frames
from tritone.recognition.labels import Labels

LABELS = [" ", *"abcdefghijklmnopqrstuvwxyz'"]
FRAME_S = 0.02
DECODER = CtcDecoder(Labels.letters(LABELS, 28), frame_s=FRAME_S)


def said(frames, sure=0.9):
    """Log-probabilities of a string with one character per frame; `-` is the blank."""
    indices = [28 if character == "-" else LABELS.index(character) for character in frames]
    probabilities = np.full((len(frames), 29), (1 - sure) / 28, np.float32)
    probabilities[np.arange(len(frames)), indices] = sure
    return np.log(probabilities)


def columns(count=29):
    return np.arange(count, dtype=np.int32)[np.newaxis]


def decode(frames, duration_s=10.0, **options):
    return DECODER.decode(Frames(said(frames, **options)), duration_s)


@pytest.mark.parametrize(
    ("frames", "transcript"),
    [
        ("", ""),
        ("-----", ""),
        ("   ", ""),
        ("aa", "a"),
        ("a-a", "aa"),
        ("hhe-ll-lo", "hello"),
        ("--hi-- --you--", "hi you"),
        ("  hi    you  ", "hi you"),
        ("a - b", "a b"),
        ("a- -- -b", "a b"),
        ("don't", "don't"),
        ("ab  ba", "ab ba"),
        ("a a a", "a a a"),
    ],
)
def test_repeats_merge_blanks_vanish_spaces_split(frames, transcript):
    assert decode(frames).transcript == transcript


def test_word_times_are_the_first_and_last_frames_of_its_letters():
    words = decode("--hh-i-- --yyou-")
    assert words.word == ("hi", "you")
    np.testing.assert_allclose(words.start_s, [2 * FRAME_S, 11 * FRAME_S], rtol=1e-6)
    np.testing.assert_allclose(words.end_s, [6 * FRAME_S, 15 * FRAME_S], rtol=1e-6)


def test_times_never_leave_the_clip_or_run_backwards():
    rng = np.random.default_rng(0)
    for length in (1, 2, 50, 500):
        log_probs = np.log(rng.dirichlet(np.ones(29), length)).astype(np.float32)
        words = DECODER.decode(Frames(log_probs), 0.9 * length * FRAME_S)
        assert np.all(words.start_s <= words.end_s)
        assert np.all(words.start_s[1:] >= words.end_s[:-1])
        assert np.all(words.end_s <= np.float32(0.9 * length * FRAME_S))


def test_confidence_is_the_mean_probability_of_the_words_letters():
    log_probs = np.concatenate([said("aa", sure=0.9), said("- -"), said("b", sure=0.5)])
    np.testing.assert_allclose(DECODER.decode(Frames(log_probs), 1.0).confidence, [0.9, 0.5], rtol=1e-5)


def test_long_pause_ends_a_word_without_a_space():
    decoder = CtcDecoder(Labels.letters(LABELS, 28), frame_s=FRAME_S, pause_s=0.5)
    apart, close = "stop" + "-" * 26 + "go", "stop" + "-" * 20 + "go"
    assert decoder.decode(Frames(said(apart)), 10.0).word == ("stop", "go")
    assert decoder.decode(Frames(said(close)), 10.0).word == ("stopgo",)
    assert DECODER.decode(Frames(said(apart)), 10.0).word == ("stopgo",)


def test_agrees_with_a_frame_by_frame_decoder():
    rng = np.random.default_rng(1)
    for _ in range(50):
        best = rng.choice([28, 28, 28, 0, 1, 2, 3], size=rng.integers(0, 80))
        frames = "".join("-" if index == 28 else LABELS[index] for index in best)
        previous, letters = 28, []
        for index in best:
            if index not in (previous, 28):
                letters.append(LABELS[index])
            previous = index
        assert decode(frames).transcript == " ".join("".join(letters).split())


def test_blank_may_stand_anywhere():
    decoder = CtcDecoder(Labels.letters(["a", " ", "b"], 0), frame_s=FRAME_S)
    log_probs = np.log(np.eye(4, dtype=np.float32)[[0, 1, 1, 0, 2, 3, 0]] + 1e-6)
    assert decoder.decode(Frames(log_probs), 1.0).transcript == "a b"


@pytest.mark.parametrize(
    "labels", [columns(32), columns(29) - 1, columns(0)], ids=["more", "negative", "none"]
)
def test_labels_of_another_checkpoint_are_refused(labels):
    with pytest.raises(InputError, match="labels: expected labels from 0 to 28"):
        DECODER.frames(np.zeros((5, labels.shape[1]), np.float32), labels, 5, 1.0)


@pytest.mark.parametrize("shape", [(2, 29), (5, 28), (1, 30)])
def test_labels_that_do_not_fit_the_frames_are_refused(shape):
    with pytest.raises(InputError, match=r"labels: expected shape \[5, 29\]"):
        DECODER.frames(np.zeros((5, 29), np.float32), np.zeros(shape, np.int32), 5, 1.0)


def test_frames_are_cut_to_the_valid_ones():
    row = np.zeros((5, 29), np.float32)
    assert [len(DECODER.frames(row, columns(), frames, 1.0)) for frames in (0, 3, 5)] == [0, 3, 5]


def test_few_kept_labels_decode_like_all():
    log_probs = said("--hi-- --you--")
    kept = Frames.best_of(log_probs, 3)
    sent = DECODER.frames(kept.log_probs, kept.columns, len(kept), 10.0)
    assert sent.columns.shape == (14, 3)
    assert DECODER.decode(sent, 10.0).word == DECODER.decode(Frames(log_probs), 10.0).word == ("hi", "you")


@pytest.mark.parametrize(
    ("frames", "says"),
    [
        (-1, r"log_probs_length: expected 0 to 60 .* got -1; send"),
        (61, r"log_probs_length: expected 0 to 60 .* got 61; send"),
        (52, r"log_probs: expected at most 50 frames, those of 1 s, got 52; send"),
    ],
)
def test_frames_that_no_recording_has_are_refused(frames, says):
    with pytest.raises(InputError, match=says):
        DECODER.frames(np.zeros((60, 29), np.float32), columns(), frames, 1.0)
