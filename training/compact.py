"""Halve a checkpoint: its large weights in float16, in a compressed .nemo file that NeMo restores as ever.

    python -m training.compact trained.nemo compact.nemo

Weights are rounded to float16; what is small (biases, normalisation, mel filters) stays float32. The weights
of a QuartzNet are first scaled so that batch normalisation, which the export multiplies into them, multiplies
each by a power of two: the exported graph then holds float16 weights without a further rounding.
"""

from __future__ import annotations

import argparse
import gzip
import io
import tarfile
from pathlib import Path

import torch
from nemo.collections.asr.models import EncDecCTCModel

from export.checkpoint import Checkpoint
from export.families import family_of
from export.family import Options
from export.nemo_environment import set_variables
from training.quartznet_layers import layers, residual

WEIGHTS = "model_weights.ckpt"
SMALLEST = 1024  # values of a tensor that is worth rounding
State = dict[str, torch.Tensor]


def balance(model: EncDecCTCModel) -> None:
    """Scale convolutions, and their normalisation inversely, until the latter multiplies by powers of two.

    Apart from the rounding of weights to float16 the network computes the same, in training too.
    """
    state = model.state_dict()
    for i, block in enumerate(model.encoder.encoder):
        name = f"encoder.encoder.{i}"
        for layer in [*layers(block, name), *residual(block, name)]:
            norm = layer.normalisation
            epsilon = model.get_submodule(norm).eps
            gain = state[f"{norm}.weight"].double()
            variance = state[f"{norm}.running_var"].double()
            factor = gain.abs() / (variance + epsilon).sqrt()
            power = torch.exp2(torch.log2(factor).round())
            scaled = (gain / power) ** 2 - epsilon
            usable = (factor > 0) & (scaled > 0)
            scale = torch.where(usable, factor / power, 1.0)
            state[f"{norm}.running_var"].copy_(torch.where(usable, scaled, variance))
            state[f"{norm}.running_mean"].mul_(scale)
            power = torch.where(usable, power, 1.0)[:, None, None]
            weight = state[layer.pointwise].double() * scale[:, None, None]
            weight = (weight.half() * power).half() / power  # neither product loses digits again
            state[layer.pointwise].copy_(weight)
    model.load_state_dict(state)


def in_half(model: torch.nn.Module) -> State:
    """Return a model's state with its large weights as float16; buffers keep their digits."""
    weights = {name for name, tensor in model.named_parameters() if tensor.numel() >= SMALLEST}
    return {name: t.half() if name in weights else t for name, t in model.state_dict().items()}


def write_compact(model: torch.nn.Module, source: Path, target: Path) -> None:
    """Write the archive of `source` with the weights of `model` in float16, compressed.

    NeMo casts the weights to float32 when it restores the model.
    """
    buffer = io.BytesIO()
    torch.save(in_half(model), buffer)
    with (
        tarfile.open(source) as archive,
        gzip.GzipFile(target, "wb", compresslevel=9, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as written,
    ):
        for member in archive:
            content = archive.extractfile(member)
            if content is not None and Path(member.name).name == WEIGHTS:
                member.size, content = buffer.tell(), io.BytesIO(buffer.getvalue())
            written.addfile(member, content)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Store a checkpoint's large weights in float16.")
    parser.add_argument("source", type=Path, help=".nemo file")
    parser.add_argument("target", type=Path, help=".nemo file to write")
    arguments = parser.parse_args()
    set_variables()
    checkpoint = Checkpoint.open(arguments.source)
    model = family_of(checkpoint, Options(arguments.target.parent)).load(checkpoint.path)
    if isinstance(model, EncDecCTCModel):
        balance(model)
    write_compact(model, arguments.source, arguments.target)


if __name__ == "__main__":
    main()
