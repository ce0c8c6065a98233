"""What every training run has: a network, its averaged copy, an optimiser, a log and a way to continue."""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import time
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from omegaconf import DictConfig
from torch import nn

from training.schedule import Budget, LearningRate


class TrainingRun:
    """One training run of a NeMo model in a folder.

    The folder holds `last.pt`, from which the run continues, `log.jsonl`, one row per measurement, and the
    model with averaged weights as `<name>.nemo`, written together with every checkpoint. `peak.pt` is the
    last checkpoint before the learning rate began to fall: a longer run continues from there.
    """

    log_every_steps = 20
    checkpoints_per_validation = 1
    longest_step_s = 60.0  # time beyond this is counted as a pause

    def __init__(self, config: DictConfig, folder: Path, device: str, model: Any, average: Any) -> None:
        self.config = config
        self.folder = folder
        self.device = device
        self.model = model.to(device)
        self.average = average.to(device).eval()
        self.average.load_state_dict(self.model.state_dict())
        self.parameters: list[nn.Parameter] = [*self.model.parameters(), *self.own_parameters()]
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=0.0, weight_decay=config.training.weight_decay, betas=(0.9, 0.98)
        )
        self.rate = LearningRate(
            config.training.peak_learning_rate,
            config.training.final_learning_rate,
            config.training.warmup_steps,
            config.training.get("rate_falls_from", 0.0),
        )
        self.step = 0
        self.elapsed_s = 0.0
        self.progress = 0.0
        self.asked_to_stop = False
        self.checkpoints = 0
        folder.mkdir(parents=True, exist_ok=True)
        if self.last_path.exists():
            self.load(torch.load(self.last_path, map_location=device, weights_only=True))

    def own_parameters(self) -> Iterable[nn.Parameter]:
        """Return parameters that are trained but not part of the model."""
        return ()

    @property
    def last_path(self) -> Path:
        """The checkpoint that training continues from."""
        return self.folder / "last.pt"

    def load(self, state: dict[str, Any]) -> None:
        """Continue from a checkpoint."""
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.elapsed_s = state["step"], state["elapsed_s"]

    def state(self) -> dict[str, Any]:
        """Return the contents of a checkpoint."""
        return {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "elapsed_s": self.elapsed_s,
        }

    def save(self) -> None:
        """Write the checkpoint, and the averaged model as a .nemo file."""
        partial = self.last_path.with_suffix(".part")
        torch.save(self.state(), partial)
        partial.replace(self.last_path)
        if self.progress < self.rate.falls_from:
            shutil.copy(self.last_path, partial)
            partial.replace(self.folder / "peak.pt")
        model_path = self.folder / f"{self.config.name}.nemo"
        partial = model_path.with_suffix(".part.nemo")
        self.write_model(partial)
        partial.replace(model_path)

    def write_model(self, path: Path) -> None:
        """Write the averaged model as a .nemo file."""
        self.average.save_to(str(path))

    def log(self, **row: float) -> None:
        """Append one row to the log and print it."""
        row = {"step": self.step, "elapsed_s": round(self.elapsed_s, 1), **row}
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        print(row, flush=True)

    def set_rate(self, progress: float) -> None:
        """Set the optimiser's learning rate for this point of the budget."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate.at(progress, self.step)

    def apply_gradient(self) -> None:
        """Take one step of the optimiser along the clipped gradient, unless that is not finite."""
        training = self.config.training
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, training.gradient_norm)
        if torch.isfinite(norm):
            self.optimizer.step()
        self.step += 1
        self.follow(min(training.average_decay, self.step / (self.step + 10)))

    @torch.no_grad()
    def follow(self, decay: float) -> None:
        """Move the averaged weights and statistics towards the trained ones."""
        pairs = zip(self.average.state_dict().values(), self.model.state_dict().values(), strict=True)
        floating = [(average, current) for average, current in pairs if average.is_floating_point()]
        averages, currents = (list(tensors) for tensors in zip(*floating, strict=True))
        torch._foreach_lerp_(averages, currents, 1 - decay)

    def update(self, progress: float) -> dict[str, float]:
        """Take one step; returns the figures to log, averaged over the steps between two rows."""
        raise NotImplementedError

    def validate(self) -> dict[str, float]:
        """Measure the averaged model; called before checkpoints."""
        return {}

    def train(self, budget: Budget, save_every_s: float) -> None:
        """Train until the budget is spent, or SIGTERM or SIGINT asks to stop."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        saved_at_s = self.elapsed_s
        sums: dict[str, float] = {}
        count = 0
        before = time.monotonic()
        while (progress := budget.progress(self.elapsed_s, self.step)) < 1 and not self.asked_to_stop:
            self.progress = progress
            self.set_rate(progress)
            for name, value in self.update(progress).items():
                sums[name] = sums.get(name, 0.0) + value
            count += 1
            now = time.monotonic()
            self.elapsed_s += min(now - before, self.longest_step_s)
            before = now
            if self.step % self.log_every_steps == 0:
                means = {name: value / count for name, value in sums.items()}
                self.log(**means, learning_rate=self.optimizer.param_groups[0]["lr"])
                sums, count = {}, 0
            if self.elapsed_s - saved_at_s >= save_every_s:
                saved_at_s = self.elapsed_s
                self.checkpoint()
        if not self.asked_to_stop:
            self.measure()
        self.save()

    def stop(self, number: int, frame: FrameType | None) -> None:
        """Finish the step, save and end; as a signal's handler."""
        self.asked_to_stop = True

    def checkpoint(self) -> None:
        """Save, and measure every few times."""
        self.checkpoints += 1
        if self.checkpoints % self.checkpoints_per_validation == 0:
            self.measure()
        self.save()

    def measure(self) -> None:
        """Write the averaged model's figures into the log."""
        if measured := self.validate():
            self.log(**measured)


def command_line(description: str, name: str) -> argparse.ArgumentParser:
    """Return a parser of the options that all recipes share, with default files of the given name."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--config", type=Path, default=Path(f"training/configs/{name}.yaml"))
    parser.add_argument("--run", type=Path, default=Path(f"training/runs/{name}"))
    parser.add_argument("--minutes", type=float, help="training time over all continuations")
    parser.add_argument("--steps", type=int, help="optimiser steps over all continuations")
    parser.add_argument("--save-every-s", type=float, default=300)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parser
