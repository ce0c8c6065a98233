"""Judge the demo voice, stage by stage: how recognisers transcribe held-out texts, and how natural it is.

    python -m training.synthesis.evaluate \\
        --tacotron2 training/checkpoints/tacotron2_small_en.nemo \\
        --waveglow training/checkpoints/waveglow_small_en.nemo \\
        --language-model model_repository/asr_ctc_decoder/1/words.arpa.xz --whisper wheels/ --naturalness
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from nemo.collections.tts.models import Tacotron2Model, WaveGlowModel

from training.evaluate import markdown, total
from training.shards import Clip, as_float, read_split
from training.synthesis.folded_waveglow import FoldedWaveGlow, from_nemo, sizes_of
from training.synthesis.judges import (
    bundled_judge,
    errors_by_kind,
    naturalness,
    whisper_judge,
)
from training.synthesis.listening import Audio, GriffinLim, Spoken, completeness, pace
from training.synthesis.network import speak
from training.synthesis.spectrograms import mel_of
from training.synthesis.texts import KINDS

NATURALNESS = "naturalness"

Vocoder = Callable[[Any], Audio]


def waveglow_vocoder(path: Path) -> Vocoder:
    """Load a WaveGlow; returns a function from (T, M) frames to (N,) audio, with the checkpoint's sigma.

    Its folded form computes the same as NeMo's, in a tenth of the time.
    """
    nemo = WaveGlowModel.restore_from(str(path), map_location="cpu").eval()
    model = FoldedWaveGlow(**sizes_of(nemo.cfg.waveglow)).eval()
    model.load_state_dict(from_nemo(nemo.waveglow.state_dict(), model))

    def vocoder(mel: Any) -> Audio:
        torch.manual_seed(0)
        frames = torch.from_numpy(np.asarray(mel, np.float32).T[None].copy())
        with torch.no_grad():
            audio = model.synthesise(frames, nemo.cfg.sigma)
        samples: Audio = audio[0].numpy()
        return samples

    return vocoder


def synthesise(model: Any, utterances: Sequence[Clip]) -> list[Spoken]:
    """Speak the texts, each with its own noise."""
    spoken = []
    for number, utterance in enumerate(utterances):
        torch.manual_seed(number)
        spoken.append(speak(model, torch.tensor(model.tokenizer.encode(utterance.text))))
    return spoken


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Word error rates of the demo voice, link by link.")
    parser.add_argument("--tacotron2", type=Path, required=True, help="checkpoint")
    parser.add_argument("--waveglow", type=Path, help="checkpoint; without it, Griffin-Lim only")
    parser.add_argument(
        "--recogniser", type=Path, default=Path("training/checkpoints/quartznet_people_en.nemo")
    )
    parser.add_argument("--language-model", type=Path, help="of the recogniser's search, words.arpa.xz")
    parser.add_argument("--whisper", type=Path, help="folder of Whisper-base's wheels, a second recogniser")
    parser.add_argument("--naturalness", action="store_true", help="predict it, with PyPI's speechmos")
    parser.add_argument("--data", type=Path, default=Path("training/data/voice"))
    parser.add_argument("--split", default="test", choices=("validation", "test"))
    parser.add_argument("--utterances", type=int, help="the first ones of the split; otherwise all")
    parser.add_argument("--dither", type=float, default=2e-4, help="of the true spectrograms, as in training")
    parser.add_argument("--output", type=Path, help="JSON file for the figures")
    arguments = parser.parse_args()

    judges = [bundled_judge(arguments.recogniser, arguments.language_model)]
    if arguments.whisper:
        judges.append(whisper_judge(arguments.whisper))
    utterances = read_split(arguments.data, arguments.split)[: arguments.utterances]
    clips = stages(arguments.tacotron2, arguments.waveglow, utterances, arguments.dither)
    figures: dict[str, dict[str, Any]] = {}
    for stage, audio in clips.items():
        figures[stage] = {}
        for judge in judges:
            figures[stage] |= errors_by_kind(judge, audio, utterances)
        if arguments.naturalness:
            figures[stage][NATURALNESS] = naturalness(audio)
        print(f"judged: {stage}", flush=True)
    print(stage_table(figures))
    for end in (next(iter(figures)), next(reversed(figures))):
        print(f"\n{end}, by kind of text:\n{kind_table(figures[end])}")
    if arguments.output:
        rates = {
            stage: {name: _plain(value) for name, value in row.items()} for stage, row in figures.items()
        }
        arguments.output.write_text(json.dumps(rates, indent=2) + "\n", encoding="utf-8")


def stages(
    tacotron2: Path, waveglow: Path | None, utterances: Sequence[Clip], dither: float
) -> dict[str, list[Audio]]:
    """Speak the utterances' texts; returns the audio of every link of the chain, the whole chain last."""
    model = Tacotron2Model.restore_from(str(tacotron2), map_location="cpu").eval()
    preprocessor = model.audio_to_melspec_precessor
    torch.manual_seed(0)
    true = [mel_of(preprocessor, utterance, dither) for utterance in utterances]
    spoken = synthesise(model, utterances)
    print(f"complete {completeness(spoken):.1%}, pace {pace(spoken, true):.3f}")
    vocoders: dict[str, Vocoder] = {"Griffin-Lim": GriffinLim(preprocessor)}
    if waveglow:
        vocoders["WaveGlow"] = waveglow_vocoder(waveglow)
    clips = {"the voice itself": [as_float(utterance.samples()) for utterance in utterances]}
    for name, vocoder in vocoders.items():
        clips[f"{name} of true spectrograms"] = [vocoder(mel) for mel in true]
    for name, vocoder in vocoders.items():
        clips[f"{name} of Tacotron 2's spectrograms"] = [vocoder(mel) for mel, _ in spoken]
    return clips


def stage_table(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """Format every stage's word error rates, and its naturalness."""
    names = list(next(iter(figures.values())))
    rows = ["| audio |" + "".join(f" {name} |" for name in names), "|---" * (1 + len(names)) + "|"]
    for stage, row in figures.items():
        cells = (f"{v:.2f}" if isinstance(v, float) else f"{total(v, '').rate:.1%}" for v in row.values())
        rows.append(f"| {stage} |" + "".join(f" {cell} |" for cell in cells))
    return "\n".join(rows)


def kind_table(row: Mapping[str, Any]) -> str:
    """Format one stage's word error rates by kind of text."""
    tables = {name: table for name, table in row.items() if name != NATURALNESS}
    return markdown(tables, "text", KINDS)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value
    return {"all": total(value, "").rate} | {kind: errors.rate for kind, errors in value.items()}


if __name__ == "__main__":
    main()
