"""Average the weights of two ends of one run.

    python -m training.averaging first.nemo second.nemo --second 0.7 --output quartznet_people_en.nemo

Two continuations of one checkpoint that heard other data have learned different things and still lie close to
each other: the network between them knows something of both (Wortsman et al. 2022, arXiv 2203.05482).
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def between(first: Mapping[str, Tensor], second: Mapping[str, Tensor], share: float) -> dict[str, Tensor]:
    """Return the weights between two networks.

    Args:
        first: state of a network.
        second: state of another one of the same form.
        share: of the second, 0 to 1.

    Raises:
        ValueError: the share is out of range, or the networks differ in form.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"second: expected a share of 0 to 1, got {share}; 0.5 is the middle.")
    shapes = [{name: tuple(value.shape) for name, value in state.items()} for state in (first, second)]
    if shapes[0] != shapes[1]:
        raise ValueError("expected two networks of the same form; take two ends of one run.")
    return {
        name: value.lerp(second[name], share) if value.is_floating_point() else second[name]
        for name, value in first.items()
    }


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Average the weights of two ends of one run.")
    parser.add_argument("nemo", type=Path, nargs=2, help="checkpoints of one form")
    parser.add_argument("--second", type=float, default=0.5, help="share of the second one, 0 to 1")
    parser.add_argument("--output", type=Path, required=True, help="the .nemo file to write")
    arguments = parser.parse_args()
    from nemo.collections.asr.models import EncDecCTCModel

    first, second = (EncDecCTCModel.restore_from(str(path), map_location="cpu") for path in arguments.nemo)
    second.load_state_dict(between(first.state_dict(), second.state_dict(), arguments.second))
    second.save_to(str(arguments.output))


if __name__ == "__main__":
    main()
