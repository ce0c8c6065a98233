"""Train the small QuartzNet: `python -m training.asr --minutes 100`.

The same command continues a run that was stopped.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import torch
from nemo.collections.asr.models import EncDecCTCModel
from omegaconf import DictConfig, OmegaConf
from torch.utils.data import DataLoader

from training.augmentation import Augmentation
from training.batches import AugmentedBatches, Batch, collate
from training.channels_last import use_channels_first, use_channels_last
from training.growth import grow
from training.run import TrainingRun, command_line
from training.schedule import Budget
from training.scoring import WordErrors, greedy_text
from training.shards import Clip, as_float, read_split, without_doubtful
from training.vocal_tract import VocalTractWarp

VALIDATION_CLIPS = 60  # per group
VALIDATION_BATCH = 8
LONGEST_FRAMES = 4000


def chosen_for_validation(utterances: Sequence[Clip]) -> dict[str, list[Clip]]:
    """Choose clips of each corpus; synthetic voices are one."""
    groups: dict[str, list[Clip]] = {}
    for utterance in utterances:
        groups.setdefault(utterance.source, []).append(utterance)
    return {name: group[:: max(len(group) // VALIDATION_CLIPS, 1)] for name, group in groups.items()}


def leave_signals_to_the_run(worker: int) -> None:
    """Ignore signals to the whole process group: the run saves first, and then ends this process."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


class SpeechRun(TrainingRun):
    """Trains an EncDecCTCModel on augmented clips."""

    checkpoints_per_validation = 3

    def __init__(self, config: DictConfig, folder: Path, device: str, data: Path, workers: int) -> None:
        torch.manual_seed(config.training.seed)
        self.audio_s = 0.0
        self.statistics_are_frozen = False
        model, average = EncDecCTCModel(config.model), EncDecCTCModel(config.model)
        if initial := config.training.get("initial"):
            start = EncDecCTCModel.restore_from(initial, map_location="cpu")
            model.load_state_dict(grow(start.state_dict(), model.state_dict()))
        super().__init__(config, folder, device, model, average)
        if device == "cpu":
            use_channels_last(self.model)
            use_channels_last(self.average)
        # One thread per batch: no thread waits for another inside an operation, so a core that is shared
        # with other programs slows down its own batch only.
        torch.set_num_threads(1)
        self.pool = ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,))
        # Masks grow on demand, which is not safe in threads.
        self.model.encoder.update_max_sequence_length(LONGEST_FRAMES, device)
        self.batches = self.open(data)
        self.validation = chosen_for_validation(read_split(data, "validation"))
        self.warp = VocalTractWarp(
            config.model.preprocessor.features, config.training.get("vocal_tract_warp", 0.0)
        )

    def open(self, data: Path) -> Iterator[Batch]:
        """Start the process that prepares batches."""
        training = self.config.training
        batches = AugmentedBatches(
            without_doubtful(data, read_split(data, "train")),
            list(self.config.model.labels),
            training.batch_s,
            Augmentation(**training.augmentation),
            dict(training.repeats),
            seed=training.seed + self.step,  # a continued run gets new batches
        )
        loader = DataLoader(
            batches,
            batch_size=None,
            num_workers=1,
            prefetch_factor=4,
            worker_init_fn=leave_signals_to_the_run,
        )
        return iter(loader)

    def load(self, state: dict[str, Any]) -> None:
        """Continue from a checkpoint."""
        super().load(state)
        self.audio_s = state["audio_s"]

    @property
    def half(self) -> bool:
        """Whether to compute in bfloat16."""
        return self.config.training.precision == "bf16"

    def state(self) -> dict[str, Any]:
        """Return the contents of a checkpoint."""
        return super().state() | {"audio_s": self.audio_s}

    def save(self) -> None:
        """Write the checkpoint, and the averaged model in NeMo's own form."""
        use_channels_first(self.average)
        super().save()
        if self.device == "cpu":
            use_channels_last(self.average)

    def loss(self, batch: Batch) -> torch.Tensor:
        """Compute the CTC loss per character of a batch."""
        audio, audio_length, target, target_length = (tensor.to(self.device) for tensor in batch)
        model = self.model
        with torch.no_grad():
            features, length = model.preprocessor(input_signal=audio, length=audio_length)
            features = self.warp(features)
            features = model.spec_augmentation(input_spec=features, length=length)
        with torch.autocast(self.device, torch.bfloat16, enabled=self.half):
            encoded, length = model.encoder(audio_signal=features, length=length)
            log_probs = model.decoder(encoder_output=encoded)
        return model.loss(
            log_probs=log_probs.float(), targets=target, input_lengths=length, target_lengths=target_length
        )

    def gradient(self, batch: Batch) -> tuple[float, tuple[torch.Tensor, ...]]:
        """Compute the loss of a batch and its gradient, leaving the parameters' own `grad` alone."""
        loss = self.loss(batch)
        return float(loss.detach()), torch.autograd.grad(loss, self.parameters)

    def update(self, progress: float) -> dict[str, float]:
        """Take one step on several batches."""
        group = [next(self.batches) for _ in range(self.config.training.batches_per_step)]
        self.model.train()
        if progress >= self.config.training.statistics_until:
            self.freeze_statistics()
        results = list(self.pool.map(self.gradient, group))
        for parameter, *gradients in zip(self.parameters, *(g for _, g in results), strict=True):
            parameter.grad = torch.stack(gradients).mean(dim=0)
        self.apply_gradient()
        self.audio_s += sum(float(batch[1].sum()) for batch in group) / self.config.model.sample_rate
        return {"loss": sum(loss for loss, _ in results) / len(results)}

    def freeze_statistics(self) -> None:
        """Normalise with the averaged statistics from now on, as the finished model will.

        The statistics of a batch of short clips differ from the average. Trained with them to the end, the
        network would fail on the shortest clips in use.
        """
        pairs = zip(self.average.modules(), self.model.modules(), strict=True)
        for average, module in pairs:
            if isinstance(module, torch.nn.BatchNorm1d):
                if not self.statistics_are_frozen:
                    module.load_state_dict(module.state_dict() | dict(average.named_buffers()))
                module.eval()
        self.statistics_are_frozen = True

    def validate(self) -> dict[str, float]:
        """Measure the averaged model's word error rate on clean held-out clips, per group and overall."""
        rates = {
            f"validation_wer_{name}": self.word_error_rate(utterances)
            for name, utterances in self.validation.items()
        }
        mean = sum(rates.values()) / len(rates)
        return {"validation_wer": mean, **rates, "audio_s": round(self.audio_s)}

    @torch.no_grad()
    def word_error_rate(self, utterances: Sequence[Clip]) -> float:
        """Transcribe clips greedily and count errors."""
        errors = WordErrors()
        labels = list(self.config.model.labels)
        for start in range(0, len(utterances), VALIDATION_BATCH):
            group = utterances[start : start + VALIDATION_BATCH]
            clips = [as_float(utterance.samples()) for utterance in group]
            audio, length, _, _ = collate(clips, [utterance.text for utterance in group], labels)
            with torch.autocast(self.device, torch.bfloat16, enabled=self.half):
                log_probs, frames, _ = self.average(
                    input_signal=audio.to(self.device), input_signal_length=length.to(self.device)
                )
            for utterance, row, count in zip(
                group, log_probs.float().cpu().numpy(), frames.tolist(), strict=True
            ):
                errors.add(utterance.text, greedy_text(row[:count], labels))
        return errors.rate


def main() -> None:
    """Run the command."""
    parser = command_line("Train the small QuartzNet.", "quartznet_small")
    parser.add_argument(
        "--data", type=Path, default=Path("training/data/speech"), help="output of training.prepare"
    )
    parser.add_argument("--workers", type=int, default=2, help="batches of a step that are computed at once")
    arguments = parser.parse_args()
    budget = Budget(arguments.minutes, arguments.steps)
    config = OmegaConf.load(arguments.config)
    run = SpeechRun(config, arguments.run, arguments.device, arguments.data, arguments.workers)
    run.train(budget, arguments.save_every_s)


if __name__ == "__main__":
    main()
