"""Stretches of speech: within windows, cut in pauses, nothing lost or recognised twice."""

from itertools import pairwise

import numpy as np
import pytest

from tritone.recognition.stretches import Pauses, Piece, plan_stretches
from tritone.recognition.voice_activity import Region

RATE, FRAME = 16_000, 320
WINDOW = 30 * RATE
PAUSES = Pauses(padding=round(0.1 * RATE), longest=RATE)


def seconds(*edges_s):
    """Regions from pairs of seconds."""
    return [Region(round(start * RATE), round(stop * RATE)) for start, stop in edges_s]


def planned(regions, duration_s, frame=FRAME):
    return plan_stretches(regions, round(duration_s * RATE) // frame + 1, frame, WINDOW, PAUSES)


def test_nothing_spoken_is_nothing_to_recognise():
    assert planned([], 10) == []


def test_padding_is_kept_around_speech():
    assert planned(seconds((1, 2)), 5) == [[Piece(45, 105)]]


def test_padding_ends_with_the_recording():
    assert planned(seconds((0.05, 4.95)), 5) == [[Piece(0, 251)]]


def test_short_pauses_are_kept_and_long_ones_part_stretches():
    stretches = planned(seconds((1, 2), (2.8, 4), (9, 10)), 12)
    assert stretches == [[Piece(45, 205)], [Piece(445, 505)]]


def test_single_words_between_long_pauses_are_put_together():
    """Of each pause the padding is left."""
    (stretch,) = planned(seconds((1, 1.4), (4, 4.4), (7, 7.4)), 9)
    assert stretch == [Piece(45, 75), Piece(195, 225), Piece(345, 375)]


def test_a_single_word_at_the_end_belongs_to_what_was_said_before():
    first, last = planned(seconds((1, 3), (5, 8), (12, 12.5)), 14)
    assert first == [Piece(45, 155)]
    assert last == [Piece(245, 405), Piece(595, 630)]


def test_long_speech_is_cut_in_its_longest_pause_near_the_middle():
    stretches = planned(seconds((0, 9), (9.4, 19), (19.9, 28), (28.4, 40)), 40)
    assert [stretch[0].start for stretch in stretches] == [0, round(19.9 * 50) - 5]


def test_speech_without_a_pause_stays_whole():
    assert planned(seconds((0, 100)), 100) == [[Piece(0, 5001)]]


@pytest.mark.parametrize("frame", [160, 320, 640, 1280])
def test_stretches_cover_all_speech_in_order_without_overlap(frame):
    rng = np.random.default_rng(3)
    edges = np.cumsum(rng.uniform(0.3, 6, 2000))
    regions = seconds(*zip(edges[::2], edges[1::2], strict=True))
    stretches = planned(regions, edges[-1] + 0.05, frame)
    pieces = [piece for stretch in stretches for piece in stretch]
    assert all(left.stop <= right.start for left, right in pairwise(pieces))
    assert all(len(piece) > 0 for piece in pieces)
    for stretch in stretches:
        assert sum(map(len, stretch)) * frame <= WINDOW + 2 * frame * len(stretch)
    spoken = np.zeros(pieces[-1].stop, bool)
    for piece in pieces:
        spoken[piece.start : piece.stop] = True
    for region in regions:
        assert spoken[region.start // frame : region.stop // frame].all()
    spoken_s = [sum(len(piece) for piece in stretch) * frame / RATE for stretch in stretches]
    assert min(spoken_s) >= 1
    assert max(spoken_s) > 10


def test_close_regions_share_the_pause_between_them():
    """Cut apart, each side keeps half of a pause that is shorter than two paddings."""
    regions = seconds(*((i * 10, i * 10 + 9.85) for i in range(4)))
    stretches = planned(regions, 39.85)
    pieces = [piece for stretch in stretches for piece in stretch]
    assert len(stretches) == 2
    assert pieces[0].stop == pieces[1].start
