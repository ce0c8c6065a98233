"""Seams between windows of pieces that are spikes, placed a little differently by the two windows."""

import numpy as np
import pytest

from tritone.recognition.frames import Frames
from tritone.recognition.labels import Labels
from tritone.recognition.seams import EDGE_S, seam

PIECES, BLANK = 40, 40
STARTS = set(range(0, PIECES, 3))
TABLE = Labels.of(
    {
        "labels": [f"p{index}" for index in range(PIECES)],
        "blank_index": BLANK,
        "starts_word": sorted(STARTS),
        "joins_previous": [],
        "unknown": [],
        "bytes": [],
    }
)


def heard(spikes, length):
    """Frames with a piece in some of them, (frame, piece) each, and blanks elsewhere."""
    best = np.full(length, BLANK)
    for frame, piece in spikes:
        best[frame] = piece
    log_probs = np.full((length, PIECES + 1), np.log(0.1 / PIECES), np.float32)
    log_probs[np.arange(length), best] = np.log(0.9)
    return Frames.best_of(log_probs, 8)


def speech_without_pauses(draws, length):
    """Spikes 1 to 5 frames apart, a word of one to four pieces after the other."""
    frame, spikes = int(draws.integers(0, 3)), []
    while frame < length:
        first = not spikes or draws.random() < 0.4
        piece = int(draws.choice(sorted(STARTS) if first else sorted(set(range(PIECES)) - STARTS)))
        spikes.append((frame, piece))
        frame += int(draws.integers(1, 6))
    return spikes


def moved(spikes, draws, length):
    """The same pieces, a fifth of them a frame away, in their order."""
    result, last = [], -1
    for frame, piece in spikes:
        shift = int(draws.integers(-1, 2)) if draws.random() < 0.2 else 0
        last = min(max(last + 1, frame + shift), length - 1)
        result.append((last, piece))
    return result


def emitted(best):
    return [
        int(label)
        for before, label in zip([BLANK, *best], best, strict=False)
        if label not in (BLANK, before)
    ]


@pytest.mark.parametrize(("length", "frame_s"), [(50, 0.08), (100, 0.04)])
def test_no_word_is_cut_and_nearly_no_piece_lost_or_doubled(length, frame_s):
    draws, wrong, cut_words, trials = np.random.default_rng(7), 0, 0, 400
    for _ in range(trials):
        spikes = speech_without_pauses(draws, length)
        left, right = heard(spikes, length), heard(moved(spikes, draws, length), length)
        cut = seam(left, right, TABLE, frame_s)
        wrong += emitted(left.best()[0][:cut])[-4:] != emitted(right.best()[0][:cut])[-4:]
        after = [
            piece
            for frame, piece in zip(range(cut, length), right.best()[0][cut:], strict=True)
            if piece != BLANK
        ]
        cut_words += bool(after) and after[0] not in STARTS
    assert wrong / trials <= 0.01
    assert cut_words / trials <= 0.01


def test_seam_is_in_a_real_pause_where_there_is_one():
    spikes = [(frame, 0) for frame in range(0, 20, 2)] + [(frame, 3) for frame in range(32, 50, 2)]
    assert 20 <= seam(heard(spikes, 50), heard(spikes, 50), TABLE, 0.08) <= 32


def test_windows_that_agree_on_nothing_are_joined_away_from_their_edges():
    left = heard([(frame, 1) for frame in range(0, 50, 2)], 50)
    right = heard([(frame, 2) for frame in range(1, 50, 2)], 50)
    edge = round(EDGE_S / 0.08)
    assert edge <= seam(left, right, TABLE, 0.08) < 50 - edge


def test_the_most_probable_labels_are_kept_and_all_when_there_are_few():
    log_probs = np.log(np.random.default_rng(0).dirichlet(np.ones(41), 7)).astype(np.float32)
    few, whole = Frames.best_of(log_probs, 5), Frames.best_of(log_probs, 41)
    np.testing.assert_array_equal(whole.log_probs, log_probs)
    assert whole.columns.tolist() == [list(range(41))]
    for row, columns, kept in zip(log_probs, few.columns, few.log_probs, strict=True):
        assert set(columns) == set(np.argsort(row)[-5:])
        np.testing.assert_array_equal(kept, row[columns])
    np.testing.assert_array_equal(few.best()[0], log_probs.argmax(axis=1))
    gone = int(np.argmin(log_probs[0]))
    assert few.log_prob_of([gone])[0] == few.log_probs[0].min()
