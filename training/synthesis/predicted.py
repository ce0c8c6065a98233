"""Predict spectrograms of the training data, to train the vocoder on the inputs that it gets in use.

    python -m training.synthesis.predicted

The acoustic model is given the true frames before each one, so that its spectrograms fit the
recordings in time.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from nemo.collections.tts.models import Tacotron2Model
from omegaconf import OmegaConf

from training.synthesis.batches import as_steps, collate
from training.synthesis.network import Network
from training.synthesis.spectrograms import Mel, read_mels, store


@torch.no_grad()
def predict(network: Network, symbols: list[list[int]], mels: list[Mel], frames_per_step: int) -> list[Mel]:
    """Return the (T, M) spectrograms that the network predicts, with the postnet, from the true frames."""
    batch = collate(symbols, [as_steps(mel, frames_per_step) for mel in mels])
    _, refined, _, _ = network(*batch)
    return [row[: len(mel)].half().numpy() for row, mel in zip(refined, mels, strict=True)]


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Predict spectrograms of the training data.")
    parser.add_argument("--config", type=Path, default=Path("training/configs/tacotron2_small.yaml"))
    parser.add_argument("--data", type=Path, default=Path("training/data/voice"))
    parser.add_argument("--run", type=Path, default=Path("training/runs/tacotron2_small"))
    parser.add_argument("--output", type=Path, default=Path("training/data/voice/train_predicted.npy"))
    parser.add_argument("--utterances", type=int, default=6000)
    arguments = parser.parse_args()

    torch.set_num_threads(1)
    config = OmegaConf.load(arguments.config)
    nemo = Tacotron2Model(config.model).eval()
    network = Network(config.model, config.training.channels, nemo.num_tokens, 0.0).eval()
    network.load_state_dict(torch.load(arguments.run / "last.pt", weights_only=True)["average"])
    preprocessor = nemo.audio_to_melspec_precessor
    utterances, mels = read_mels(arguments.data, "train", preprocessor, config.training.dither)
    utterances, mels = utterances[: arguments.utterances], mels[: arguments.utterances]

    predicted: dict[int, Mel] = {}
    size = config.training.batch_utterances
    order = sorted(range(len(mels)), key=lambda index: len(mels[index]))
    for start in range(0, len(order), size):
        group = order[start : start + size]
        symbols = [nemo.tokenizer.encode(utterances[index].text) for index in group]
        found = predict(network, symbols, [mels[i] for i in group], config.model.decoder.n_frames_per_step)
        predicted.update(zip(group, found, strict=True))
        if start % (20 * size) == 0:
            error = np.mean([np.abs(predicted[i] - mels[i]).mean() for i in group])
            print(f"{start}/{len(order)} utterances, mean distance {error:.3f}", flush=True)
    store(arguments.output, [predicted[index] for index in range(len(mels))])


if __name__ == "__main__":
    main()
