"""List training clips whose text a decent model does not recognise, so that a continued run leaves them out.

    python -m training.doubtful --nemo quartznet_people_en.nemo --source speechocean762 --most 0.3

Wrong transcripts and hopeless pronunciations have a high CTC loss. The worst clips of the source, at most the
share given and all above the loss given, go to `doubtful.tsv` beside the shards; `training.asr` skips them.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.shards import Clip, as_float, read_split, write_doubtful

LEAST_LOSS = 1.5  # per character; below it a text is probably what is said
BATCH_CLIPS = 16


def worst(losses: Sequence[float], most: float, least_loss: float) -> list[int]:
    """Choose the highest losses: indices of at most a share `most` of all, each loss above `least_loss`.

    Raises:
        ValueError: the share is not within 0 to 1.
    """
    if not 0 <= most <= 1:
        raise ValueError(f"most: expected a share of 0 to 1, got {most}; 0.3 leaves out three in ten.")
    order = sorted(range(len(losses)), key=lambda index: -losses[index])
    return sorted(index for index in order[: round(most * len(losses))] if losses[index] > least_loss)


def ctc_loss(log_probs: NDArray[np.float32], text: str, labels: Sequence[str]) -> float:
    """Return a text's CTC loss per character under (T, V) log-probabilities; infinite if it is too long."""
    import torch

    target = torch.tensor([[list(labels).index(character) for character in text]])
    loss = torch.nn.functional.ctc_loss(
        torch.from_numpy(log_probs).unsqueeze(1),
        target,
        torch.tensor([len(log_probs)]),
        torch.tensor([len(text)]),
        blank=len(labels),
        reduction="sum",
    )
    return float(loss) / max(len(text), 1)


def losses(nemo: Path, utterances: Sequence[Clip]) -> list[float]:
    """Compute the loss of every clip with a checkpoint."""
    from training.evaluate import nemo_recognizer

    recognize, labels = nemo_recognizer(nemo)
    found = [0.0] * len(utterances)
    order = sorted(range(len(utterances)), key=lambda index: utterances[index].duration_s)
    for start in range(0, len(order), BATCH_CLIPS):
        indices = order[start : start + BATCH_CLIPS]
        clips = [as_float(utterances[index].samples()) for index in indices]
        for index, log_probs in zip(indices, recognize(clips), strict=True):
            found[index] = ctc_loss(log_probs, utterances[index].text, labels)
    return found


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="List training clips whose text a model does not recognise.")
    parser.add_argument("--nemo", type=Path, required=True, help="checkpoint")
    parser.add_argument("--data", type=Path, default=Path("training/data/speech"), help="folder of shards")
    parser.add_argument("--source", required=True, help="the corpus to look through")
    parser.add_argument("--most", type=float, default=0.3, help="share of its clips to list at most")
    parser.add_argument("--least-loss", type=float, default=LEAST_LOSS, help="per character")
    arguments = parser.parse_args()
    mine = [u for u in read_split(arguments.data, "train") if u.source == arguments.source]
    if not mine:
        parser.error(f"--source {arguments.source}: no training clips of it in {arguments.data}")
    measured = losses(arguments.nemo, mine)
    chosen = worst(measured, arguments.most, arguments.least_loss)
    write_doubtful(arguments.data, arguments.source, [mine[index] for index in chosen])
    quarters = np.quantile(measured, [0.25, 0.5, 0.75])
    print(f"{len(chosen)} of {len(mine)} clips listed; quartiles of the loss: {quarters.round(2).tolist()}")


if __name__ == "__main__":
    main()
