"""Weights between two networks."""

from __future__ import annotations

import pytest

from training.averaging import between


def test_weights_are_between_and_counters_those_of_the_second() -> None:
    torch = pytest.importorskip("torch")
    first = {"weight": torch.tensor([0.0, 10.0]), "steps": torch.tensor(5)}
    second = {"weight": torch.tensor([10.0, 0.0]), "steps": torch.tensor(7)}
    mixed = between(first, second, 0.7)
    assert mixed["weight"].tolist() == pytest.approx([7.0, 3.0])
    assert mixed["steps"].item() == 7


def test_other_forms_and_shares_are_refused() -> None:
    torch = pytest.importorskip("torch")
    state = {"weight": torch.zeros(2)}
    with pytest.raises(ValueError, match="second: expected a share of 0 to 1, got 7"):
        between(state, state, 7)
    with pytest.raises(ValueError, match="expected two networks of the same form"):
        between(state, {"weight": torch.zeros(3)}, 0.5)
