import pytest
import torch

from training.synthesis.batches import as_steps, collate
from training.synthesis.losses import gate_loss, guided_attention_loss, mel_loss

LENGTH = torch.tensor([4, 2])


def test_frames_after_an_utterance_do_not_count():
    true = torch.randn(2, 4, 3)
    predicted = true.clone()
    predicted[1, 2:] += 100
    assert mel_loss(predicted, true, LENGTH, torch.ones(3)) == 0


def test_errors_are_measured_in_deviations():
    true = torch.zeros(1, 1, 1)
    # An error of 6 is 2 deviations of 3: 2 and 2 squared.
    assert mel_loss(true + 6, true, torch.tensor([1]), torch.tensor([3.0])) == 2 + 4


def test_gate_fires_at_the_first_step_after_the_utterance():
    gate = torch.full((2, 5), -20.0)
    gate[0, 4] = gate[1, 2] = 20.0
    gate[1, 3:] = torch.nan  # never looked at
    assert gate_loss(gate, LENGTH, weight=6.0) < 1e-6


def test_attention_is_guided_along_the_diagonal():
    diagonal = torch.eye(4)[None]
    lengths = torch.tensor([4])
    assert guided_attention_loss(diagonal, lengths, lengths, width=0.2) == 0
    assert guided_attention_loss(diagonal.flip(1), lengths, lengths, width=0.2) > 0.5


def test_a_last_step_repeats_the_last_frame():
    mel = torch.arange(6.0).view(3, 2).numpy()
    assert as_steps(mel, frames_per_step=2).tolist() == [[0, 1, 2, 3], [4, 5, 4, 5]]


@pytest.mark.parametrize("row", [0, 1])
def test_batch_pads_symbols_and_steps(row):
    symbols, steps = [[1, 2], [3]], [torch.ones(n, 4).numpy() for n in (1, 3)]
    batch = collate(symbols, steps)
    assert batch.symbols[row, : batch.symbols_length[row]].tolist() == symbols[row]
    assert batch.steps[row].sum() == steps[row].sum()
    assert batch.steps_length[row] == len(steps[row])
