"""Load a recogniser from its folder, its parameters and the models that it calls."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..concurrency import Bind, work_ahead
from ..contract import SAMPLE_RATE_HZ
from ..model_parameters import VOICE_ACTIVITY, Parameters
from .frames import Frames
from .recogniser import Recognizer, SpeechOnly
from .stretches import Pauses
from .voice_activity import INPUTS, OUTPUTS, VoiceActivityDetector
from .windows import AcousticFrames, WindowedRecognizer


def load_recognizer(folder: Path, parameters: Parameters, bind: Bind, *, ahead: bool = True) -> Recognizer:
    """Load what turns recordings into labels with their log-probabilities, frame by frame.

    Args:
        folder: holds windows.json.
        parameters: of the model: features_model, acoustic_model, window_s, overlap_s, labels_per_frame,
            and how much runs at a time; with voice_activity_model also vad_threshold, vad_padding_s and
            vad_pause_s.
        bind: makes a function that calls a model.
        ahead: process several windows of a recording concurrently, in threads.

    Raises:
        ArtifactError: a file or a parameter is missing or wrong.
    """
    features = bind(
        parameters.name("features_model"), ["audio", "audio_length"], ["features", "features_length"]
    )
    network = bind(
        parameters.name("acoustic_model"), ["features", "features_length"], ["log_probs", "log_probs_length"]
    )

    def acoustics(samples: NDArray[np.float32]) -> Frames:
        length = np.array([[samples.size]], np.int64)
        log_probs, frames = network(*features(samples[np.newaxis], length))
        return Frames.best_of(log_probs[0, : frames[0, 0]].copy(), most)

    most = parameters.count("labels_per_frame")
    frames = AcousticFrames.load(folder / "windows.json")
    lengths_s = parameters.number("window_s"), parameters.number("overlap_s")
    requests, windows = parameters.count("requests_in_flight"), parameters.count("windows_in_flight")
    ordered_map = work_ahead(requests, windows) if ahead else map
    recognizer = WindowedRecognizer(frames, acoustics, *lengths_s, ordered_map)
    if not parameters.has(VOICE_ACTIVITY):
        return Recognizer(recognizer)
    detector = VoiceActivityDetector(
        bind(parameters.name(VOICE_ACTIVITY), INPUTS, OUTPUTS), parameters.number("vad_threshold")
    )
    padding, longest = (
        round(parameters.number(name) * SAMPLE_RATE_HZ) for name in ("vad_padding_s", "vad_pause_s")
    )
    return Recognizer(recognizer, SpeechOnly(detector, Pauses(padding, longest), most))
