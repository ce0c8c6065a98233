"""An hour of audio through windows and decoder of a recogniser of pieces: what is kept of it is bounded."""

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from tritone.model_parameters import Parameters
from tritone.recognition.ctc import CtcDecoder
from tritone.recognition.loading import load_recognizer
from tritone.repository.configs import read_config

ROOT = Path(__file__).resolve().parents[3]
FRAME = 1280  # samples: 80 ms
FRAMES = 3600 * 16_000 // FRAME
BLANK = 1024
WORD = 6  # frames: two pieces, and blanks
MIB = 1 << 20


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The sidecars of a recogniser with 1,024 pieces; the even ones start a word."""
    folder = tmp_path_factory.mktemp("pieces")
    table = {
        "labels": [f"{'w' if index % 2 == 0 else 'x'}{index}" for index in range(BLANK)],
        "blank_index": BLANK,
        "starts_word": list(range(0, BLANK, 2)),
        "joins_previous": [],
        "unknown": [],
        "bytes": [],
    }
    windows = {"sample_rate_hz": 16_000, "frame_samples": FRAME, **table}
    (folder / "windows.json").write_text(json.dumps(windows))
    (folder / "ctc.json").write_text(json.dumps({"frame_s": 0.08, "end_pad_s": 0.2, **table}))
    return folder


def label_at(frame):
    """What is said in each frame of the hour."""
    start = 2 * (frame // WORD % (BLANK // 2))
    return np.where(frame % WORD == 0, start, np.where(frame % WORD == 2, start + 1, BLANK))


def bind(model, inputs, outputs):
    """Networks that read the number of the frame out of the samples, and give all 1,025 labels."""

    def features(audio, audio_length):
        return audio[:, ::FRAME], audio_length // FRAME

    def network(numbers, frames):
        log_probs = np.full((1, numbers.shape[1], BLANK + 1), np.log(0.1 / BLANK), np.float32)
        log_probs[0, np.arange(numbers.shape[1]), label_at(numbers[0].astype(np.int64))] = np.log(0.9)
        return log_probs, frames

    return features if "audio" in inputs else network


def test_an_hour_of_pieces_is_recognised_in_bounded_memory(folder):
    """All log-probabilities of the hour are 176 MiB; a request has the 32 most probable labels of a frame."""
    parameters = Parameters.of(read_config(ROOT / "model_repository/asr_windows/config.pbtxt"))
    recognizer = load_recognizer(folder, parameters, bind)
    decoder = CtcDecoder.load(folder / "ctc.json")
    audio = np.repeat(np.arange(FRAMES, dtype=np.float32), FRAME)
    tracemalloc.start()
    try:
        heard = recognizer.recognise(audio)
        while_recognising = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        handed_on = heard.log_probs.nbytes + heard.columns.nbytes
        received = decoder.frames(heard.log_probs, heard.columns, len(heard), max_audio_s=3600)
        words = decoder.decode(received, duration_s=3600)
        while_decoding = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    count = FRAMES // WORD
    assert words.word[:2] == ("w0x1", "w2x3")
    assert words.word == tuple(f"w{2 * n % BLANK}x{2 * n % BLANK + 1}" for n in range(count))
    np.testing.assert_allclose(words.start_s, np.arange(count) * WORD * 0.08, rtol=1e-5)
    assert handed_on <= 12 * MIB
    assert while_recognising <= 40 * MIB
    assert while_decoding <= 24 * MIB
