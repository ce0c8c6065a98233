import json
from itertools import pairwise

import numpy as np
import pytest

from tritone.errors import ArtifactError, CancelledError
from tritone.recognition.frames import Frames
from tritone.recognition.labels import Labels
from tritone.recognition.recogniser import Recognizer
from tritone.recognition.seams import seam
from tritone.recognition.windows import (
    AcousticFrames,
    Window,
    WindowedRecognizer,
    join_windows,
    plan_windows,
)

FRAME = 320
BLANK, SPACE, LETTER = 0, 1, 2
LABELS = Labels.letters([" ", "a"], BLANK)
FRAMES = AcousticFrames(sample_rate_hz=16_000, frame_samples=FRAME, labels=LABELS)


def spoken(labels, sure=0.98):
    """Frames that say `labels`."""
    probabilities = np.full((len(labels), 3), (1 - sure) / 2, np.float32)
    probabilities[np.arange(len(labels)), labels] = sure
    return Frames(np.log(probabilities))


@pytest.mark.parametrize("samples", [1, 320, 479_999, 480_000])
def test_recording_that_fits_is_one_window(samples):
    assert plan_windows(samples, 480_000, 64_000, FRAME) == [Window(0, samples)]


@pytest.mark.parametrize("samples", [480_001, 500_000, 960_000, 9_600_000, 57_600_000, 480_000 + FRAME])
def test_windows_cover_everything_overlap_enough_and_stay_within_the_limit(samples):
    windows = plan_windows(samples, 480_000, 64_000, FRAME)
    assert windows[0].start == 0
    assert windows[-1].stop == samples
    for window in windows:
        assert window.start % FRAME == 0
        assert window.stop - window.start <= 480_000
    for left, right in pairwise(windows):
        assert left.stop - right.start >= min(64_000, right.stop - right.start)
        assert right.stop > left.stop


def test_last_window_is_not_a_sliver():
    windows = plan_windows(480_001, 480_000, 64_000, FRAME)
    lengths = [window.stop - window.start for window in windows]
    assert min(lengths) > 0.8 * max(lengths)


def test_seam_lies_in_the_pause():
    labels = [LETTER] * 200
    labels[70:95] = [BLANK] * 25
    assert 72 <= seam(spoken(labels), spoken(labels), LABELS, 0.02) <= 93


def test_seam_needs_silence_in_both_windows():
    left, right = [LETTER] * 200, [LETTER] * 200
    left[50:75] = [BLANK] * 25  # a pause in one window only
    left[110:130] = right[110:130] = [SPACE] * 20
    assert 111 <= seam(spoken(left), spoken(right), LABELS, 0.02) <= 129


def test_among_equal_pauses_the_most_central_wins():
    assert abs(seam(spoken([BLANK] * 200), spoken([BLANK] * 200), LABELS, 0.02) - 100) <= 1


@pytest.mark.parametrize("frames", [1, 2, 3, 30, 51])
def test_short_overlaps_still_have_a_seam_inside(frames):
    assert 0 <= seam(spoken([LETTER] * frames), spoken([LETTER] * frames), LABELS, 0.02) < frames


def test_join_restores_the_sequence_when_windows_agree():
    rng = np.random.default_rng(3)
    whole = rng.normal(size=(3000, 3)).astype(np.float32)
    windows = plan_windows(3000 * FRAME, 900 * FRAME, 100 * FRAME, FRAME)
    parts = [(window, Frames(whole[window.start // FRAME : window.stop // FRAME])) for window in windows]
    np.testing.assert_array_equal(join_windows(parts, FRAMES).log_probs, whole)


def test_join_of_windows_that_disagree_at_their_ends_has_no_word_twice_or_cut():
    """Windows have errors near their ends; the joined labels must still be those of the whole."""
    whole = np.array(([LETTER] * 30 + [BLANK] * 20) * 60)
    windows = plan_windows(3000 * FRAME, 900 * FRAME, 150 * FRAME, FRAME)
    parts = []
    for window in windows:
        heard = whole[window.start // FRAME : window.stop // FRAME].copy()
        if window.start:
            heard[:20] = LETTER
        if window is not windows[-1]:
            heard[-20:] = LETTER
        parts.append((window, spoken(heard)))
    np.testing.assert_array_equal(join_windows(parts, FRAMES).best()[0], whole)


def silent_recogniser():
    """Make a recogniser of silence, and the list of its window lengths."""
    asked = []

    def acoustics(samples):
        asked.append(samples.size)
        return spoken([BLANK] * (samples.size // FRAME + 1))

    return Recognizer(WindowedRecognizer(FRAMES, acoustics, window_s=30, overlap_s=4)), asked


def test_recogniser_asks_for_bounded_windows_in_order():
    recognizer, asked = silent_recogniser()
    heard = recognizer.recognise(np.zeros(16_000 * 200, np.float32))
    assert max(asked) <= 30 * 16_000
    assert heard.log_probs.shape == (200 * 50 + 1, 3)


def test_cancelled_recording_stops_before_the_next_window():
    recognizer, asked = silent_recogniser()
    with pytest.raises(CancelledError):
        recognizer.recognise(np.zeros(16_000 * 600, np.float32), is_cancelled=lambda: len(asked) == 3)
    assert len(asked) == 3


def test_model_of_another_rate_gets_resampled_audio():
    asked = []

    def acoustics(samples):
        asked.append(samples.size)
        return spoken([BLANK] * 10)

    frames = AcousticFrames(sample_rate_hz=8000, frame_samples=160, labels=LABELS)
    Recognizer(WindowedRecognizer(frames, acoustics, 30, 4)).recognise(np.zeros(16_000, np.float32))
    assert asked == [8000]


def test_stretches_are_recognised_each_by_itself_and_in_order():
    def acoustics(samples):
        return spoken([LETTER if samples[0] else BLANK] * (samples.size // FRAME))

    stretches = [np.full(FRAME * 100 * n, n % 2, np.float32) for n in (1, 40, 2, 3)]  # the second in windows
    heard = list(WindowedRecognizer(FRAMES, acoustics, 30, 4).recognise(iter(stretches)))
    assert [len(frames) for frames in heard] == [100, 4000, 200, 300]
    assert [frames.best()[0][0] for frames in heard] == [LETTER, BLANK, BLANK, LETTER]


@pytest.mark.parametrize("overlap_s", [0, 0.5, 30, 40])
def test_overlap_that_cannot_work_is_refused(overlap_s):
    with pytest.raises(ArtifactError, match="overlap_s"):
        WindowedRecognizer(FRAMES, lambda samples: samples, window_s=30, overlap_s=overlap_s)


def test_incomplete_sidecar_names_what_is_missing(tmp_path):
    (tmp_path / "windows.json").write_text(json.dumps({"sample_rate_hz": 16000, "labels": []}))
    with pytest.raises(ArtifactError, match="frame_samples"):
        AcousticFrames.load(tmp_path / "windows.json")
