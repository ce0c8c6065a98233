"""Recognition graphs against NeMo: features, log-probabilities, transcripts, alone and in mixed batches."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from export.onnx_graph import Graph
from export.recognition.error_rates import rate_checks
from export.recognition.labels import MARKS
from export.recognition.recordings import Recording
from export.verification import Array, Check, disagreement, max_abs, relative_l2
from tritone.recognition.ctc import CtcDecoder
from tritone.recognition.frames import Frames
from tritone.recognition.labels import Labels

COMPARED_CLIPS = 12  # of the recordings; calibration uses more
UNKNOWN = "\N{DOUBLE QUESTION MARK}"  # what NeMo writes for a piece that stands for anything
MARK_AFTER_SPACE = re.compile(rf" (?={MARKS.pattern}(?: |$))")
HALF_L2 = 0.02  # of log-probabilities, where weights are rounded to float16
GARBAGE = 0.5  # padding of the clips in a batch; must have no effect


@dataclass(frozen=True)
class Original:
    """The NeMo model that is compared with, in eval mode."""

    model: Any
    decoder: Any  #: its CTC decoder

    @torch.no_grad()
    def recognise(self, clip: Array) -> Recognition:
        """NeMo's features and log-probabilities of one clip."""
        audio, length = torch.from_numpy(clip)[None], torch.tensor([clip.size])
        features, features_length = self.model.preprocessor(input_signal=audio, length=length)
        encoded, frames = self.model.encoder(audio_signal=features, length=features_length)
        log_probs = self.decoder(encoder_output=encoded)
        return Recognition(
            features[0, :, : int(features_length)].numpy(), log_probs[0, : int(frames)].numpy()
        )

    def transcripts(self, clips: Sequence[Array]) -> list[str]:
        """NeMo's greedy transcripts, one clip at a time, written as the server writes words.

        A model may spell several spaces in a row, or one before a mark, which NeMo's text keeps; and NeMo has
        a sign for unknown pieces.
        """
        if hasattr(self.model, "ctc_decoder"):  # a hybrid model
            self.model.change_decoding_strategy(decoder_type="ctc", verbose=False)
        samples = [torch.from_numpy(clip) for clip in clips]
        hypotheses = self.model.transcribe(samples, batch_size=1, verbose=False)
        texts = [getattr(hypothesis, "text", hypothesis) for hypothesis in hypotheses]
        return [MARK_AFTER_SPACE.sub("", " ".join(text.replace(UNKNOWN, " ").split())) for text in texts]


@dataclass(frozen=True)
class Exported:
    """The written files of one checkpoint."""

    features: Graph
    acoustic_model: Graph
    int8: Graph | None
    decoder: CtcDecoder  #: the library's, with the exported labels
    half: bool = False  #: whether the acoustic model's weights are rounded to float16

    def transcript(self, output: Recognition) -> str:
        """The words of one clip."""
        return self.decoder.decode(Frames(output.log_probs), duration_s=float("inf")).transcript

    def transcripts(self, acoustic_model: Graph, clips: Sequence[Array]) -> list[str]:
        """The words of clips with one of the acoustic models, one clip at a time."""
        return [self.transcript(output) for output in recognise_alone(self, acoustic_model, clips)]


@dataclass(frozen=True)
class Recognition:
    """The outputs for one clip, valid frames only."""

    features: Array  #: (M, T) float32
    log_probs: Array  #: (T', V) float32


def verify_recognition(
    original: Original, exported: Exported, recordings: Sequence[Recording], sample_rate_hz: int
) -> list[Check]:
    """Compare every stage with NeMo, each clip alone, then a mixed batch with its clips alone.

    Args:
        original: the NeMo model.
        exported: what was written for it.
        recordings: real clips; may be empty.
        sample_rate_hz: the model's rate.
    """
    model = original.model
    hop = int(model.preprocessor.featurizer.hop_length)
    reach = int(model.preprocessor.featurizer.n_fft) // 2  # NeMo refuses clips too short to reflect this far
    compared = [recording.samples for recording in recordings if recording.samples.size > reach]
    compared = compared[:: max(1, math.ceil(len(compared) / COMPARED_CLIPS))]
    clips = compared + [noise(samples) for samples in lengths_around_hops(hop, reach, sample_rate_hz)]
    # Too short for NeMo, but not for a server: they must work, and not affect other rows.
    short = [noise(samples) for samples in (0, 1, hop - 1, hop, hop + 1)]

    alone = recognise_alone(exported, exported.acoustic_model, clips + short)
    batch = recognise(exported, exported.acoustic_model, clips + short)
    checks = [
        *nemo_checks(original, exported, clips, alone[: len(clips)]),
        batch_check("log-probs", batch, alone),
    ]
    if exported.int8 is not None:
        int8_alone = recognise_alone(exported, exported.int8, clips + short)
        int8_batch = recognise(exported, exported.int8, clips + short)
        checks += [*int8_checks(int8_alone, alone), batch_check("int8 log-probs", int8_batch, int8_alone)]
    return checks + error_rates(original, exported, recordings)


def nemo_checks(
    original: Original, exported: Exported, clips: Sequence[Array], ours: Sequence[Recognition]
) -> list[Check]:
    """Features, log-probabilities and transcripts against NeMo's.

    Rounded weights have a tolerance of their own, and may change a text: `error_rates` limits the words that
    they cost.
    """
    half = exported.half
    theirs = [original.recognise(clip) for clip in clips]
    stable = [index for index in range(len(clips)) if is_stable(original.model, theirs[index])] or range(
        len(clips)
    )
    features = [(ours[index].features, theirs[index].features) for index in stable]
    log_probs = [(ours[index].log_probs, theirs[index].log_probs) for index in stable]
    transcripts = [exported.transcript(ours[index]) for index in stable]
    expected = original.transcripts([clips[index] for index in stable])
    count = f"{len(stable)} clips"
    checks = [
        Check(f"features, {count}", "max abs", worst(max_abs, features), 1e-3),
        Check(f"features, {count}", "relative L2", worst(relative_l2, features), 1e-4),
        Check(f"log-probs, {count}", "max abs", worst(max_abs, log_probs), None if half else 5e-3),
        Check(f"log-probs, {count}", "relative L2", worst(relative_l2, log_probs), HALF_L2 if half else 1e-4),
        Check(
            f"transcribe(), {count}",
            "texts differing",
            disagreement(transcripts, expected),
            None if half else 0.0,
        ),
    ]
    rest = [index for index in range(len(clips)) if index not in stable]
    if rest:
        error = worst(max_abs, ((ours[index].features, theirs[index].features) for index in rest))
        checks.append(Check(f"features where a band is silent, clips: {len(rest)}", "max abs", error, None))
    return checks


def batch_check(subject: str, batch: Sequence[Recognition], alone: Sequence[Recognition]) -> Check:
    """A batch of mixed lengths against its clips one by one."""
    pairs = ((row.log_probs, clip.log_probs) for row, clip in zip(batch, alone, strict=True))
    return Check(f"{subject}, mixed batch against alone", "max abs", worst(max_abs, pairs), 1e-4)


def int8_checks(coarse: Sequence[Recognition], exact: Sequence[Recognition]) -> list[Check]:
    """The int8 graph against the float one; errors are reported without a tolerance."""
    pairs = [(ours.log_probs, theirs.log_probs) for ours, theirs in zip(coarse, exact, strict=True)]
    best, expected = (
        [int(label) for pair in pairs for label in pair[side].argmax(axis=1)] for side in (0, 1)
    )
    return [
        Check("int8 log-probs against float", "relative L2", worst(relative_l2, pairs), None),
        Check("int8 best label against float", "frames differing", disagreement(best, expected), None),
    ]


def error_rates(original: Original, exported: Exported, recordings: Sequence[Recording]) -> list[Check]:
    """Word error rates where the recordings have texts; a coarser variant must not lose words."""
    from nemo.collections.asr.metrics.wer import word_error_rate

    spoken = [recording for recording in recordings if recording.text]
    if not spoken:
        return []
    labels = exported.decoder.labels
    references = [spellable(recording.text or "", labels) for recording in spoken]
    clips = [recording.samples for recording in spoken]
    heard = {}
    if exported.half:
        heard["NeMo"] = original.transcripts(clips)
    heard["half" if exported.half else "float"] = exported.transcripts(exported.acoustic_model, clips)
    if exported.int8 is not None:
        heard["int8"] = exported.transcripts(exported.int8, clips)
    rates = {
        name: word_error_rate(hypotheses=[spellable(text, labels) for text in texts], references=references)
        for name, texts in heard.items()
    }
    return rate_checks(rates, len(spoken), sum(len(text.split()) for text in references))


def worst(distance: Callable[[Array, Array], float], pairs: Iterable[tuple[Array, Array]]) -> float:
    """The distance of the pair that differs most; zero without pairs."""
    return max((distance(measured, expected) for measured, expected in pairs), default=0.0)


def recognise(exported: Exported, acoustic_model: Graph, clips: Sequence[Array]) -> list[Recognition]:
    """Run both graphs on clips as one batch."""
    longest = max(1, max(clip.size for clip in clips))
    audio = np.full((len(clips), longest), GARBAGE, dtype=np.float32)
    for row, clip in zip(audio, clips, strict=True):
        row[: clip.size] = clip
    length = np.array([[clip.size] for clip in clips], dtype=np.int64)
    front_end = exported.features(audio=audio, audio_length=length)
    features, features_length = front_end["features"], front_end["features_length"]
    log_probs, log_probs_length = acoustic_model(features=features, features_length=features_length).values()
    return [
        Recognition(features[row, :, : features_length[row, 0]], log_probs[row, : log_probs_length[row, 0]])
        for row in range(len(clips))
    ]


def recognise_alone(exported: Exported, acoustic_model: Graph, clips: Sequence[Array]) -> list[Recognition]:
    """Run both graphs on each clip alone."""
    return [recognise(exported, acoustic_model, [clip])[0] for clip in clips]


def is_stable(model: Any, output: Recognition) -> bool:
    """Whether every mel band of a clip varies by more than rounding.

    A silent band (the upper half of a telephone recording, say) holds rounding noise, which per-band
    normalisation amplifies: NeMo is then as far from the exact result as from these graphs. It divides by the
    deviation + 1e-5, so a deviation of its result below 0.999 means one below 0.01 before.
    """
    if model.preprocessor.featurizer.normalize != "per_feature":
        return True
    return bool(output.features.shape[1] > 1 and (output.features.std(axis=1, ddof=1) > 0.999).all())


def spellable(text: str, labels: Labels) -> str:
    """A text for comparing words: without capitals, and without marks that a model has no letters for."""
    text = text.lower()
    letters = {letter for label in labels.text for letter in label.lower()} | {" "}
    if labels.are_pieces:
        letters = {letter for letter in letters if letter.isalnum() or letter in " '"}
    kept = "".join(letter if letter in letters else " " if letter in "-/" else "" for letter in text)
    return " ".join(kept.split())


def lengths_around_hops(hop: int, reach: int, sample_rate_hz: int) -> list[int]:
    """Lengths that straddle a hop, at the shortest that NeMo accepts and about one second in."""
    middle = sample_rate_hz // hop * hop
    return [reach + 1, middle - 1, middle, middle + 1, middle + hop // 2]


def noise(samples: int) -> Array:
    """Noise with slowly varying level, the same at every call."""
    generator = np.random.default_rng(samples)
    swell = 0.05 + 0.05 * np.sin(np.arange(samples) / 3000)
    return (generator.standard_normal(samples) * swell).astype(np.float32)
