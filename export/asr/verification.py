"""Recognition graphs against NeMo: features, log-probabilities, transcripts, alone and in mixed batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from export.asr.recordings import Recording
from export.onnx_graph import Graph
from export.verification import Check, disagreement, max_abs, relative_l2
from tritone.recognition.ctc import CtcDecoder

COMPARED_CLIPS = 12  # of the recordings; what calibration needs more of, comparison does not
GARBAGE = 0.5  # stands behind the end of a clip in a batch, and must not be heard


@dataclass(frozen=True)
class Exported:
    """What was written for one checkpoint."""

    features: Graph
    acoustic_model: Graph
    int8: Graph | None
    decoder: CtcDecoder  #: the library's, with the exported labels

    def transcript(self, output: Recognition) -> str:
        """The words of one clip."""
        return self.decoder.decode(output.log_probs, duration_s=float("inf")).transcript


@dataclass(frozen=True)
class Recognition:
    """What came out for one clip, valid frames only."""

    features: np.ndarray  #: (M, T) float32
    log_probs: np.ndarray  #: (T', V) float32


def verify_recognition(
    model: Any, exported: Exported, recordings: Sequence[Recording], sample_rate_hz: int
) -> list[Check]:
    """Compare every stage with NeMo, each clip alone, then a mixed batch with its clips alone.

    Args:
        model: the NeMo EncDecCTCModel, in eval mode.
        exported: what was written for it.
        recordings: real clips; may be empty.
        sample_rate_hz: the model's rate.
    """
    hop = int(model.preprocessor.featurizer.hop_length)
    reach = int(model.preprocessor.featurizer.n_fft) // 2  # NeMo refuses clips too short to reflect this far
    compared = [recording.samples for recording in recordings if recording.samples.size > reach]
    compared = compared[:: -(-len(compared) // COMPARED_CLIPS) or 1]
    clips = compared + [noise(samples) for samples in lengths_around_hops(hop, reach, sample_rate_hz)]
    ours = [recognise(exported, exported.acoustic_model, [clip])[0] for clip in clips]
    theirs = [nemo_recognition(model, clip) for clip in clips]
    checks = [
        *closeness(f"features, {len(clips)} clips", "max abs", max_abs, features_of, ours, theirs, 1e-3),
        *closeness(
            f"features, {len(clips)} clips", "relative L2", relative_l2, features_of, ours, theirs, 1e-4
        ),
        *closeness(f"log-probs, {len(clips)} clips", "max abs", max_abs, log_probs_of, ours, theirs, 2e-3),
        *closeness(
            f"log-probs, {len(clips)} clips", "relative L2", relative_l2, log_probs_of, ours, theirs, 1e-4
        ),
        Check(
            f"transcript of transcribe(), {len(clips)} clips",
            "fraction differing",
            disagreement([exported.transcript(output) for output in ours], nemo_transcripts(model, clips)),
            0.0,
        ),
    ]
    # Too short for NeMo, but not for a server: they must pass, and leave their neighbours alone.
    short = [noise(samples) for samples in (0, 1, hop - 1, hop, hop + 1)]
    alone = ours + [recognise(exported, exported.acoustic_model, [clip])[0] for clip in short]
    batch = recognise(exported, exported.acoustic_model, clips + short)
    checks += closeness(
        "features, mixed batch against alone", "max abs", max_abs, features_of, batch, alone, 1e-4
    )
    checks += closeness(
        "log-probs, mixed batch against alone", "max abs", max_abs, log_probs_of, batch, alone, 1e-4
    )
    if exported.int8 is not None:
        checks += int8_checks(exported, clips + short)
    return checks + error_rates(exported, recordings)


def int8_checks(exported: Exported, clips: Sequence[np.ndarray]) -> list[Check]:
    """The int8 graph against the float one, and in a batch against alone."""
    assert exported.int8 is not None
    exact = [recognise(exported, exported.acoustic_model, [clip])[0] for clip in clips]
    alone = [recognise(exported, exported.int8, [clip])[0] for clip in clips]
    batch = recognise(exported, exported.int8, clips)
    best = [label for output in alone for label in output.log_probs.argmax(axis=1).tolist()]
    expected = [label for output in exact for label in output.log_probs.argmax(axis=1).tolist()]
    return [
        *closeness(
            "int8 log-probs against float", "relative L2", relative_l2, log_probs_of, alone, exact, None
        ),
        Check(
            "int8 best label against float",
            "fraction of frames differing",
            disagreement(best, expected),
            None,
        ),
        *closeness(
            "int8 log-probs, mixed batch against alone", "max abs", max_abs, log_probs_of, batch, alone, 1e-3
        ),
    ]


def error_rates(exported: Exported, recordings: Sequence[Recording]) -> list[Check]:
    """Word error rate of each variant where the recordings have texts; for reading, not for passing."""
    from nemo.collections.asr.metrics.wer import word_error_rate

    spoken = [recording for recording in recordings if recording.text]
    if not spoken:
        return []
    references = [recording.text.lower() for recording in spoken if recording.text]
    checks = []
    for name, graph in (("float", exported.acoustic_model), ("int8", exported.int8)):
        if graph is not None:
            heard = [exported.transcript(recognise(exported, graph, [clip.samples])[0]) for clip in spoken]
            rate = word_error_rate(hypotheses=heard, references=references)
            checks.append(Check(f"{name}, {len(spoken)} recordings with text", "word error rate", rate, None))
    return checks


def closeness(
    subject: str,
    measure: str,
    distance: Callable[[np.ndarray, np.ndarray], float],
    part: Callable[[Recognition], np.ndarray],
    measured: Sequence[Recognition],
    expected: Sequence[Recognition],
    tolerance: float | None,
) -> list[Check]:
    """One check of the clip that differs most."""
    error = max(distance(part(a), part(b)) for a, b in zip(measured, expected, strict=True))
    return [Check(subject, measure, error, tolerance)]


def features_of(output: Recognition) -> np.ndarray:
    """The features of one clip."""
    return output.features


def log_probs_of(output: Recognition) -> np.ndarray:
    """The log-probabilities of one clip."""
    return output.log_probs


def recognise(exported: Exported, acoustic_model: Graph, clips: Sequence[np.ndarray]) -> list[Recognition]:
    """Run both graphs on clips as one batch."""
    longest = max(1, max(clip.size for clip in clips))
    audio = np.full((len(clips), longest), GARBAGE, dtype=np.float32)
    for row, clip in zip(audio, clips, strict=True):
        row[: clip.size] = clip
    length = np.array([[clip.size] for clip in clips], dtype=np.int64)
    features, features_length = exported.features(audio=audio, audio_length=length).values()
    log_probs, log_probs_length = acoustic_model(features=features, features_length=features_length).values()
    return [
        Recognition(features[row, :, : features_length[row, 0]], log_probs[row, : log_probs_length[row, 0]])
        for row in range(len(clips))
    ]


@torch.no_grad()
def nemo_recognition(model: Any, clip: np.ndarray) -> Recognition:
    """NeMo's features and log-probabilities of one clip."""
    audio, length = torch.from_numpy(clip)[None], torch.tensor([clip.size])
    features, features_length = model.preprocessor(input_signal=audio, length=length)
    log_probs, log_probs_length, _ = model(processed_signal=features, processed_signal_length=features_length)
    return Recognition(
        features[0, :, : int(features_length)].numpy(),
        log_probs[0, : int(log_probs_length)].numpy(),
    )


def nemo_transcripts(model: Any, clips: Sequence[np.ndarray]) -> list[str]:
    """NeMo's greedy transcripts, one clip at a time."""
    hypotheses = model.transcribe([torch.from_numpy(clip) for clip in clips], batch_size=1, verbose=False)
    return [" ".join(getattr(hypothesis, "text", hypothesis).split()) for hypothesis in hypotheses]


def lengths_around_hops(hop: int, reach: int, sample_rate_hz: int) -> list[int]:
    """Lengths that straddle a hop, at the shortest that NeMo accepts and about one second in."""
    middle = sample_rate_hz // hop * hop
    return [reach + 1, middle - 1, middle, middle + 1, middle + hop // 2]


def noise(samples: int) -> np.ndarray:
    """Noise with a slow swell, the same at every call."""
    generator = np.random.default_rng(samples)
    swell = 0.05 + 0.05 * np.sin(np.arange(samples) / 3000)
    return (generator.standard_normal(samples) * swell).astype(np.float32)
