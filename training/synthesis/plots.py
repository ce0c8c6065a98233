"""Plot a Tacotron 2's output for a held-out text, beside the voice itself.

python -m training.synthesis.plots training/checkpoints/tacotron2_small_en.nemo --output spectrograms.png
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib
import torch
from nemo.collections.tts.models import Tacotron2Model
from numpy.typing import NDArray

from training.shards import read_split
from training.synthesis.listening import Spoken
from training.synthesis.network import speak
from training.synthesis.spectrograms import mel_of

matplotlib.use("Agg")
from matplotlib import pyplot


def plot(text: str, true: NDArray, spoken: Spoken, hop_s: float, path: Path) -> None:
    """Draw (T, M) true frames, the spoken ones and the alignment into a PNG."""
    figure, panels = pyplot.subplots(1, 3, figsize=(12, 3))
    pictures = {
        "the voice itself": (true.T, hop_s, "mel band"),
        "Tacotron 2": (spoken.mel.T, hop_s, "mel band"),
        "attention": (spoken.alignment.T, hop_s * len(spoken.mel) / len(spoken.alignment), "symbol"),
    }
    for panel, (title, (picture, column_s, rows)) in zip(panels, pictures.items(), strict=True):
        size = (0, picture.shape[1] * column_s, -0.5, len(picture) - 0.5)
        panel.imshow(picture.astype("float32"), origin="lower", aspect="auto", extent=size)
        panel.set_title(title, fontsize=9)
        panel.set_xlabel("seconds", fontsize=8)
        panel.set_ylabel(rows, fontsize=8)
        panel.tick_params(labelsize=8)
    figure.suptitle(text, fontsize=9)
    figure.tight_layout()
    figure.savefig(path, dpi=90)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Plot a Tacotron 2's output for a held-out text.")
    parser.add_argument("tacotron2", type=Path, help="checkpoint")
    parser.add_argument("--data", type=Path, default=Path("training/data/voice"))
    parser.add_argument("--number", type=int, default=2, help="of the utterance in the test split")
    parser.add_argument("--dither", type=float, default=2e-4, help="of the true spectrogram, as in training")
    parser.add_argument("--output", type=Path, required=True, help="PNG file")
    arguments = parser.parse_args()
    model = Tacotron2Model.restore_from(str(arguments.tacotron2), map_location="cpu").eval()
    utterance = read_split(arguments.data, "test")[arguments.number]
    torch.manual_seed(0)
    true = mel_of(model.audio_to_melspec_precessor, utterance, arguments.dither)
    spoken = speak(model, torch.tensor(model.tokenizer.encode(utterance.text)))
    plot(utterance.text, true, spoken, model.cfg.preprocessor.window_stride, arguments.output)


if __name__ == "__main__":
    main()
