"""The fast pass computes what NeMo's modules compute, utterance by utterance, and its gradients are right."""

import pytest
import torch

from tests.parity.test_tacotron2_widening import MODEL, NARROW, SYMBOLS
from training.synthesis.attention_loop import AttentionLoop
from training.synthesis.network import Network


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    network = Network(MODEL, channels=NARROW, symbols=SYMBOLS, encoder_dropout=0.0).eval()
    network.decoder.prenet.layers[0].linear_layer.weight.data.zero_()  # no dropout to reproduce
    return network


@pytest.mark.parametrize("row", [0, 1])
def test_a_batch_is_what_nemo_computes_alone(network, row):
    symbols, symbols_length = torch.randint(SYMBOLS, (2, 9)), torch.tensor([9, 6])
    steps, steps_length = torch.randn(2, 7, 8), torch.tensor([7, 5])
    mel, refined, gate, alignment = network(symbols, symbols_length, steps, steps_length)

    one, length = symbols[row : row + 1, : symbols_length[row]], symbols_length[row : row + 1]
    count = int(steps_length[row])
    memory = network.encoder(token_embedding=network.text_embedding(one).transpose(1, 2), token_len=length)
    frames = steps[row : row + 1, :count].reshape(1, 2 * count, 4).transpose(1, 2)
    network.decoder.train()
    expected, expected_gate, expected_alignment = network.decoder(
        memory=memory, decoder_inputs=frames, memory_lengths=length
    )
    network.decoder.eval()
    expected_refined = network.postnet(mel_spec=expected)

    torch.testing.assert_close(mel[row, : 2 * count].T, expected[0])
    torch.testing.assert_close(refined[row, : 2 * count].T, expected_refined[0])
    torch.testing.assert_close(gate[row, :count], expected_gate[0])
    torch.testing.assert_close(alignment[row, :count, : length[0]], expected_alignment[0])


def test_gradient_of_the_attention_loop():
    torch.manual_seed(0)
    steps, batch, symbols, width, units, energy, kernel = 4, 2, 5, 3, 4, 3, 3
    shapes = [
        (steps, batch, 4 * units),
        (width + units, 4 * units),
        (batch, symbols, width),
        (batch, symbols, energy),
        (units, energy),
        (2 * kernel, energy),
        (energy, 1),
    ]
    inputs = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    outside = torch.zeros(batch, symbols, dtype=torch.float64)
    outside[1, 3:] = -torch.inf
    assert torch.autograd.gradcheck(AttentionLoop.apply, (*inputs, outside))
