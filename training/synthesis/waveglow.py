"""Train the small WaveGlow: `python -m training.synthesis.waveglow --minutes 110`.

The same command continues a run that was stopped. First the likelihood alone, then a spectral loss on
synthesised audio joins it, which makes speech intelligible far sooner than likelihood does, and last an
adversary.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from nemo.collections.tts.models import WaveGlowModel
from omegaconf import DictConfig, OmegaConf
from torch.nn import functional

from training.run import TrainingRun, command_line
from training.schedule import Budget
from training.shards import Clip, as_float, read_split
from training.synthesis.adversary import Adversary
from training.synthesis.archive import save_compressed
from training.synthesis.folded_waveglow import HOP, TAPS, FoldedWaveGlow, from_nemo, sizes_of, to_nemo
from training.synthesis.spectral_loss import SpectralLoss
from training.synthesis.spectrograms import stored

Segment = tuple[torch.Tensor, torch.Tensor]  # mel frames with those before them, and samples

VALIDATION_SEGMENTS = 48
VALIDATION_SIGMA = 0.6
LIKELIHOOD_LIMIT = 10.0  # negative logarithm per sample; speech has about -2


class Gradient(NamedTuple):
    """Losses of a worker's segments, and their gradients."""

    losses: dict[str, float]
    of_model: Sequence[torch.Tensor | None]
    of_adversary: Sequence[torch.Tensor | None]  # none while it does not take part


class VocoderRun(TrainingRun):
    """Trains a WaveGlow with folded conditioning on segments of utterances."""

    def __init__(
        self,
        config: DictConfig,
        folder: Path,
        device: str,
        data: Path,
        workers: int,
        predicted: Path | None,
        initial: Path | None,
    ) -> None:
        torch.manual_seed(config.training.seed)
        # Each worker computes the gradient of its segments on one thread.
        torch.set_num_threads(1)
        self.workers = workers
        self.pool = ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,))
        sizes = sizes_of(config.model.waveglow)
        self.nemo = WaveGlowModel(config.model)
        self.mel = self.nemo.audio_to_melspec_precessor
        model = FoldedWaveGlow(**sizes)
        self.is_adapted = initial is not None
        if initial:
            start = WaveGlowModel.restore_from(str(initial), map_location="cpu")
            model.load_state_dict(from_nemo(start.waveglow.state_dict(), model))
        self.adversary = Adversary().to(device)
        self.adversary_optimizer = torch.optim.AdamW(
            self.adversary.parameters(), lr=config.training.adversary_learning_rate, betas=(0.8, 0.99)
        )
        super().__init__(config, folder, device, model, FoldedWaveGlow(**sizes))
        training = config.training
        self.loss = SpectralLoss(config.model.preprocessor.sample_rate, training.mel_weight)
        self.last_losses: dict[str, float] = {}
        self.utterances = read_split(data, "train")
        self.predicted = stored(predicted) if predicted else []  # of the first utterances
        self.randomness = np.random.default_rng([training.seed, self.step])
        held_out = np.random.default_rng(0)
        validation = read_split(data, "validation")[:VALIDATION_SEGMENTS]
        self.validation = [self.segment(utterance, held_out) for utterance in validation]

    @property
    def is_hybrid(self) -> bool:
        """Whether the spectral loss has joined the likelihood."""
        return self.is_adapted or self.elapsed_s >= 60 * self.config.training.likelihood_minutes

    @property
    def is_adversarial(self) -> bool:
        """Whether the adversary has joined the spectral loss."""
        return self.progress >= self.config.training.adversary_from

    def load(self, state: dict[str, Any]) -> None:
        """Continue from a checkpoint."""
        super().load(state)
        self.adversary.load_state_dict(state["adversary"])
        self.adversary_optimizer.load_state_dict(state["adversary_optimizer"])

    def state(self) -> dict[str, Any]:
        """Return the contents of a checkpoint."""
        return super().state() | {
            "adversary": self.adversary.state_dict(),
            "adversary_optimizer": self.adversary_optimizer.state_dict(),
        }

    def write_model(self, path: Path) -> None:
        """Write the averaged model in NeMo's own form, compressed."""
        self.nemo.waveglow.load_state_dict(to_nemo(self.rounded()))
        save_compressed(self.nemo, path)

    @torch.no_grad()
    def rounded(self) -> FoldedWaveGlow:
        """Return the averaged model with weights rounded to half precision, which compress well."""
        model = copy.deepcopy(self.average)
        for parameter in model.parameters():
            parameter.copy_(parameter.half())
        return model

    def segment(
        self, utterance: Clip, randomness: np.random.Generator, predicted: torch.Tensor | None = None
    ) -> Segment:
        """Cut a segment: (M, 3 + T) mel frames and the (T*256,) samples that correspond to them.

        A segment at the very start has zeros before its first frame, as in synthesis. The (M, T) frames
        of the utterance are those predicted for it, or else its own.
        """
        training = self.config.training
        frames, delay = training.segment_frames, training.delay_frames * HOP
        audio = torch.from_numpy(as_float(utterance.samples()))
        audio = audio + training.dither * torch.from_numpy(
            randomness.standard_normal(len(audio), dtype=np.float32)
        )
        mel = self.mel(audio[None], torch.tensor([len(audio)]))[0][0] if predicted is None else predicted
        mel = functional.pad(mel, (TAPS, max(frames - mel.size(1), 0)))
        first = int(randomness.integers(0, mel.size(1) - TAPS - frames + 1))
        audio = functional.pad(audio, (delay, max((first + frames) * HOP - delay - len(audio), 0)))
        samples = audio[first * HOP : (first + frames) * HOP]
        return mel[:, first : first + TAPS + frames], samples

    def batch(self) -> Segment:
        """Draw the segments of a step."""
        chosen = self.randomness.integers(0, len(self.utterances), self.config.training.segments).tolist()
        if self.predicted and self.randomness.random() < self.config.training.predicted_share:
            chosen = self.randomness.choice(len(self.predicted), len(chosen)).tolist()
            mels = [torch.from_numpy(self.predicted[i].T.astype(np.float32)) for i in chosen]
            return self.stack(
                [
                    self.segment(self.utterances[i], self.randomness, mel)
                    for i, mel in zip(chosen, mels, strict=True)
                ]
            )
        return self.stack([self.segment(self.utterances[i], self.randomness) for i in chosen])

    def stack(self, segments: Sequence[Segment]) -> Segment:
        """Stack segments to (B, M, 3 + T) and (B, T*256)."""
        mels, samples = (torch.stack(tensors).to(self.device) for tensors in zip(*segments, strict=True))
        return mels, samples

    def losses(
        self, segments: Segment, with_likelihood: bool, sigma: float
    ) -> tuple[dict[str, torch.Tensor], torch.Tensor | None]:
        """Compute the weighted losses of segments, and the audio that was generated for them.

        The likelihood is left out where it (nearly) overflows, as its gradient would drown all others.
        """
        training = self.config.training
        mel, audio = segments
        conditions = self.model.conditions(mel)
        losses = {}
        if with_likelihood:
            likelihood = self.negative_log_likelihood(self.model, audio, conditions)
            if likelihood < LIKELIHOOD_LIMIT:
                losses["negative_log_likelihood"] = likelihood
        if not self.is_hybrid:
            return losses, None
        generated = self.model.to_audio(self.noise(mel, sigma), conditions)
        losses |= self.loss(generated, audio)
        if "negative_log_likelihood" in losses:
            losses["negative_log_likelihood"] *= training.likelihood_weight * training.likelihood_every
        if self.is_adversarial:
            doubt, distance = self.adversary.persuasion(audio, generated)
            losses["doubt"] = training.adversary_weight * doubt
            losses["activations"] = training.activations_weight * distance
        return losses, generated

    def gradient(self, segments: Segment, with_likelihood: bool, sigma: float) -> Gradient:
        """Compute the losses of segments and their gradients, leaving the parameters' own `grad` alone."""
        losses, generated = self.losses(segments, with_likelihood, sigma)
        if not losses:
            return Gradient({}, [None] * len(self.parameters), [])
        of_model = torch.autograd.grad(sum(losses.values()), self.parameters, allow_unused=True)
        of_adversary: Sequence[torch.Tensor | None] = []
        if generated is not None and self.is_adversarial:
            losses["adversary"] = self.adversary.loss(segments[1], generated)
            of_adversary = torch.autograd.grad(losses["adversary"], list(self.adversary.parameters()))
        values = {name: float(value.detach()) for name, value in losses.items()}
        return Gradient(values, of_model, of_adversary)

    def update(self, progress: float) -> dict[str, float]:
        """Take one step; returns its losses, the last one known where it was not computed."""
        training = self.config.training
        # Beside the spectral loss the likelihood only guides, so that it needn't be computed at every step.
        with_likelihood = not self.is_hybrid or self.step % training.likelihood_every == 0
        sigma = float(self.randomness.uniform(*training.noise))
        jobs = [(self.batch(), with_likelihood, sigma) for _ in range(self.workers)]
        results = list(self.pool.map(lambda job: self.gradient(*job), jobs))
        average_gradients(self.parameters, [result.of_model for result in results])
        self.apply_gradient()
        if all(result.of_adversary for result in results):
            parameters = list(self.adversary.parameters())
            average_gradients(parameters, [result.of_adversary for result in results])
            torch.nn.utils.clip_grad_norm_(parameters, training.gradient_norm)
            self.adversary_optimizer.step()
        for result in results:
            self.last_losses |= result.losses
        return dict(self.last_losses)

    def noise(self, mel: torch.Tensor, sigma: float) -> torch.Tensor:
        """Draw (B, G, groups) noise for (B, M, 3 + T) mel frames."""
        group = self.model.n_group
        return sigma * torch.randn(len(mel), group, (mel.size(2) - TAPS) * HOP // group, device=self.device)

    @staticmethod
    def negative_log_likelihood(
        model: FoldedWaveGlow, audio: torch.Tensor, conditions: tuple[torch.Tensor, ...]
    ) -> torch.Tensor:
        """Compute the mean over samples, without the constant, for standard normal noise."""
        noise, log_determinant = model.to_noise(audio, conditions)
        return noise.square().mean() / 2 - log_determinant

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Measure the averaged model's spectral distance on held-out segments."""
        mel, audio = self.stack(self.validation)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            noise = self.noise(mel, VALIDATION_SIGMA)
        conditions = self.average.conditions(mel)
        measured = self.loss(self.average.to_audio(noise, conditions), audio)
        measured["negative_log_likelihood"] = self.negative_log_likelihood(self.average, audio, conditions)
        return {f"validation_{name}": float(value) for name, value in measured.items()}


def average_gradients(
    parameters: Sequence[torch.nn.Parameter], gradients: Sequence[Sequence[torch.Tensor | None]]
) -> None:
    """Give every parameter the mean of the workers' gradients, leaving out the unknown ones."""
    for parameter, *found in zip(parameters, *gradients, strict=True):
        known = [gradient for gradient in found if gradient is not None]
        parameter.grad = sum(known[1:], known[0]) / len(gradients) if known else None


def main() -> None:
    """Run the command."""
    parser = command_line("Train the small WaveGlow.", "waveglow_small")
    parser.add_argument(
        "--data", type=Path, default=Path("training/data/voice"), help="output of training.synthesis.prepare"
    )
    parser.add_argument(
        "--predicted",
        type=Path,
        help="output of training.synthesis.predicted: train on Tacotron 2's mels as well",
    )
    parser.add_argument(
        "--initial", type=Path, help="checkpoint of another voice to begin with, of the same sizes"
    )
    parser.add_argument("--workers", type=int, default=2, help="threads, each with its own segments")
    arguments = parser.parse_args()
    config: Any = OmegaConf.load(arguments.config)
    run = VocoderRun(
        config,
        arguments.run,
        arguments.device,
        arguments.data,
        arguments.workers,
        arguments.predicted,
        arguments.initial,
    )
    run.train(Budget(arguments.minutes, arguments.steps), arguments.save_every_s)


if __name__ == "__main__":
    main()
