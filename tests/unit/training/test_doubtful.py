"""Training clips that are left out because a model does not recognise their text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.doubtful import ctc_loss, worst
from training.shards import read_split, without_doubtful, write_doubtful, write_shard


def test_the_worst_clips_are_chosen_up_to_a_share_and_above_a_loss() -> None:
    losses = [0.1, 3.0, 0.2, float("inf"), 2.0, 0.3, 0.4, 0.5, 0.6, 0.7]
    assert worst(losses, 0.3, 1.0) == [1, 3, 4]
    assert worst(losses, 0.2, 1.0) == [1, 3]
    assert worst(losses, 0.9, 2.5) == [1, 3]
    assert worst([], 0.5, 1.0) == []
    with pytest.raises(ValueError, match=r"most: expected a share of 0 to 1, got 30"):
        worst(losses, 30, 1.0)


def test_listed_clips_are_left_out_and_a_source_is_listed_again(tmp_path: Path) -> None:
    for source in ("a", "b"):
        clips = [(np.zeros(160, np.int16), f"{source} {i}") for i in range(4)]
        write_shard(tmp_path / f"train/{source}.wav", clips, "voice", source)
    everything = read_split(tmp_path, "train")
    assert without_doubtful(tmp_path, everything) == everything
    write_doubtful(tmp_path, "a", everything[:2])
    write_doubtful(tmp_path, "b", everything[7:])
    write_doubtful(tmp_path, "a", everything[1:3])
    assert [u.text for u in without_doubtful(tmp_path, everything)] == ["a 0", "a 3", "b 0", "b 1", "b 2"]


def test_loss_per_character_is_low_for_what_is_heard() -> None:
    pytest.importorskip("torch")
    labels = [" ", "a", "b"]
    path = [3, 1, 1, 3, 0, 2, 3]
    log_probs = np.log(np.eye(4, dtype=np.float32)[path] * 0.96 + 0.01)
    assert ctc_loss(log_probs, "a b", labels) < 0.2
    assert ctc_loss(log_probs, "b a", labels) > 2
    assert ctc_loss(log_probs, "a b a b a", labels) == float("inf")
