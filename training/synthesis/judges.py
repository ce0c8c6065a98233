"""Judges of a voice: recognisers, the bundled one and an independent one, and a predictor of naturalness."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from training.corpus import spell
from training.evaluate import hear, nemo_recognizer, searched_texts, tabulate
from training.scoring import WordErrors, greedy_text
from training.shards import Clip
from training.synthesis.listening import Audio, long_enough
from training.synthesis.readings import closest, readings
from training.synthesis.texts import kind_of
from training.voices import SAMPLE_RATE_HZ

# Turns clips, each (N,) float32 at 16 kHz, and the texts that were asked for into what was understood, by the
# name of the recogniser. The texts decide only how figures are read.
Judge = Callable[[Sequence[Audio], Sequence[str]], dict[str, list[str]]]

GREEDY, SEARCHED, WHISPER = "bundled recogniser", "with language model", "Whisper-base"


def bundled_judge(checkpoint: Path, language_model: Path | None) -> Judge:
    """Load an EncDecCTCModel, greedy and, with the decoder's words.arpa.xz, with its beam search."""
    recognize, labels = nemo_recognizer(checkpoint)

    def judge(clips: Sequence[Audio], _: Sequence[str]) -> dict[str, list[str]]:
        heard = hear(recognize, long_enough(clips))
        texts = {GREEDY: [greedy_text(log_probs, labels) for log_probs in heard]}
        if language_model:
            texts[SEARCHED] = searched_texts(heard, labels, language_model)
        return texts

    return judge


def whisper_judge(wheels: Path) -> Judge:
    """Load Whisper-base from the wheels that `training.whisper` names."""
    from training.whisper import Whisper

    whisper = Whisper(wheels)

    def judge(clips: Sequence[Audio], references: Sequence[str]) -> dict[str, list[str]]:
        heard = [whisper.transcribe([np.clip(clip, -1, 1)])[0].text for clip in clips]
        return {WHISPER: [closest(*pair) for pair in zip(references, map(readings, heard), strict=True)]}

    return judge


def errors_by_kind(
    judge: Judge, clips: Sequence[Audio], utterances: Sequence[Clip]
) -> dict[str, dict[str, WordErrors]]:
    """Count the errors of a judge's recognisers for every kind of text that `kind_of` names."""
    references = [spell(utterance.text) for utterance in utterances]
    kinds = [kind_of(utterance.text) for utterance in utterances]
    return {name: tabulate(kinds, references, texts) for name, texts in judge(clips, references).items()}


def naturalness(clips: Sequence[Audio]) -> float:
    """Return the mean opinion score, 1 to 5, that DNSMOS P.835 predicts (PyPI's `speechmos`)."""
    from speechmos import dnsmos

    scores = [dnsmos.run(np.clip(clip, -1, 1), SAMPLE_RATE_HZ, return_df=False)["ovrl_mos"] for clip in clips]
    return float(np.mean(scores))
