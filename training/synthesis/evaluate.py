"""Word error rates of the demo voice, stage by stage: how a recogniser transcribes held-out texts.

    python -m training.synthesis.evaluate \\
        --tacotron2 training/checkpoints/tacotron2_small_en.nemo \\
        --waveglow training/checkpoints/waveglow_small_en.nemo
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from nemo.collections.tts.models import Tacotron2Model, WaveGlowModel

from training.shards import Clip, as_float, read_split
from training.synthesis.listening import (
    Audio,
    GriffinLim,
    Spoken,
    completeness,
    pace,
    recogniser,
    word_errors,
)
from training.synthesis.network import speak
from training.synthesis.spectrograms import mel_of

Vocoder = Callable[[Any], Audio]


def waveglow_vocoder(path: Path) -> Vocoder:
    """Load a WaveGlow; returns a function from (T, M) frames to (N,) audio, with the checkpoint's sigma."""
    model = WaveGlowModel.restore_from(str(path), map_location="cpu").eval()

    def vocoder(mel: Any) -> Audio:
        torch.manual_seed(0)
        frames = torch.from_numpy(np.asarray(mel, np.float32).T[None].copy())
        with torch.no_grad():
            audio = model.convert_spectrogram_to_audio(spec=frames, sigma=model.cfg.sigma, denoise=False)
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
    parser.add_argument("--data", type=Path, default=Path("training/data/voice"))
    parser.add_argument("--split", default="test", choices=("validation", "test"))
    parser.add_argument("--utterances", type=int, help="the first ones of the split; otherwise all")
    parser.add_argument("--dither", type=float, default=2e-4, help="of the true spectrograms, as in training")
    parser.add_argument("--output", type=Path, help="JSON file for the rates")
    arguments = parser.parse_args()

    model = Tacotron2Model.restore_from(str(arguments.tacotron2), map_location="cpu").eval()
    utterances = read_split(arguments.data, arguments.split)[: arguments.utterances]
    preprocessor = model.audio_to_melspec_precessor
    torch.manual_seed(0)
    true = [mel_of(preprocessor, utterance, arguments.dither) for utterance in utterances]
    spoken = synthesise(model, utterances)
    print(f"complete {completeness(spoken):.1%}, pace {pace(spoken, true):.3f}")

    vocoders: dict[str, Vocoder] = {"Griffin-Lim": GriffinLim(preprocessor)}
    if arguments.waveglow:
        vocoders["WaveGlow"] = waveglow_vocoder(arguments.waveglow)
    clips = {"the voice itself": [as_float(utterance.samples()) for utterance in utterances]}
    for name, vocoder in vocoders.items():
        clips[f"{name} of true spectrograms"] = [vocoder(mel) for mel in true]
    for name, vocoder in vocoders.items():
        clips[f"{name} of Tacotron 2's spectrograms"] = [vocoder(mel) for mel, _ in spoken]

    transcriber = recogniser(arguments.recogniser)
    print("| audio | word error rate |\n|---|---|")
    rates = {}
    for name, audio in clips.items():
        rates[name] = word_errors(transcriber, audio, utterances).rate
        print(f"| {name} | {rates[name]:.1%} |", flush=True)
    if arguments.output:
        arguments.output.write_text(json.dumps(rates, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
