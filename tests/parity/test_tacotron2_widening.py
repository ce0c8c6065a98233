import numpy as np
import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from torch import nn

from training.synthesis.batches import collate
from training.synthesis.network import Network, speak
from training.synthesis.widening import narrowed, widened

NARROW, WIDE, SYMBOLS, SEED = 6, 10, 12, 7
MODEL = OmegaConf.create(
    {
        "encoder": {
            "_target_": "nemo.collections.tts.modules.tacotron2.Encoder",
            "encoder_n_convolutions": 2,
            "encoder_embedding_dim": WIDE,
            "encoder_kernel_size": 3,
        },
        "decoder": {
            "_target_": "nemo.collections.tts.modules.tacotron2.Decoder",
            "n_mel_channels": 4,
            "n_frames_per_step": 2,
            "encoder_embedding_dim": WIDE,
            "attention_dim": 5,
            "attention_location_n_filters": 3,
            "attention_location_kernel_size": 5,
            "attention_rnn_dim": 7,
            "decoder_rnn_dim": 8,
            "prenet_dim": 6,
            "prenet_p_dropout": 0.5,
            "max_decoder_steps": 12,
            "gate_threshold": 1.0,
            "p_attention_dropout": 0.0,
            "p_decoder_dropout": 0.0,
            "early_stopping": True,
        },
        "postnet": {
            "_target_": "nemo.collections.tts.modules.tacotron2.Postnet",
            "n_mel_channels": 4,
            "postnet_embedding_dim": 5,
            "postnet_kernel_size": 3,
            "postnet_n_convolutions": 3,
            "p_dropout": 0.1,
        },
    }
)


class Wide(nn.Module):
    """The modules of a Tacotron2Model with more encoder channels, and nothing else of it."""

    def __init__(self):
        super().__init__()
        self.text_embedding = nn.Embedding(SYMBOLS, WIDE)
        self.encoder = instantiate(MODEL.encoder)
        self.decoder = instantiate(MODEL.decoder)
        self.postnet = instantiate(MODEL.postnet)


@pytest.fixture(scope="module")
def narrow():
    torch.manual_seed(0)
    network = Network(MODEL, channels=NARROW, symbols=SYMBOLS, encoder_dropout=0.1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d):
            for parameter in module.parameters():
                nn.init.normal_(parameter)
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
    return network.eval()


@pytest.fixture(scope="module")
def wide(narrow):
    torch.manual_seed(1)
    network = Wide()
    network.load_state_dict(widened(narrow, network.state_dict()))
    return network.eval()


def test_wide_network_says_the_same(narrow, wide):
    symbols = torch.tensor([3, 1, 4, 1, 5, 9, 2, 6])
    spoken = []
    for network in (narrow, wide):
        torch.manual_seed(SEED)
        spoken.append(speak(network, symbols))
    for expected, got in zip(*spoken, strict=True):
        assert np.linalg.norm(got - expected) <= 1e-6 * np.linalg.norm(expected)


def test_wide_network_has_silent_channels(wide):
    embedded = wide.text_embedding(torch.arange(SYMBOLS)[None]).transpose(1, 2)
    memory = wide.encoder(token_embedding=embedded, token_len=torch.tensor([SYMBOLS]))[0]
    silent = (memory == 0).all(0).nonzero()[:, 0].tolist()
    assert silent == [3, 4, 8, 9]


def test_other_differences_are_refused(narrow, wide):
    state = wide.state_dict() | {"postnet.convolutions.0.1.weight": torch.ones(9)}
    with pytest.raises(ValueError, match=r"postnet\.convolutions\.0\.1\.weight: expected \(9,\), got \(5,\)"):
        widened(narrow, state)


@pytest.fixture(scope="module")
def batch():
    randomness = np.random.default_rng(0)
    steps = [randomness.standard_normal((length, 8)).astype(np.float32) for length in (9, 7)]
    return collate([[3, 1, 4, 1, 5, 9, 2, 6], [5, 3, 5, 8]], steps)


@torch.no_grad()
def test_a_network_that_begins_with_a_wide_one_says_the_same(narrow, wide, batch):
    again = Network(MODEL, channels=NARROW, symbols=SYMBOLS, encoder_dropout=0.1).eval()
    again.load_state_dict(narrowed(again, wide.state_dict()))
    again.restore_normalisations(batch)
    outputs = []
    for network in (narrow, again):
        torch.manual_seed(SEED)  # of the prenet's dropout
        outputs.append(network(*batch))
    for expected, got in zip(*outputs, strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_restored_normalisations_hold_in_training(narrow, wide, batch):
    again = Network(MODEL, channels=NARROW, symbols=SYMBOLS, encoder_dropout=0.0)
    again.load_state_dict(narrowed(again, wide.state_dict()))
    again.restore_normalisations(batch)
    assert again.training
    norm = again.encoder.convolutions[0][1]
    rows = torch.randn(64, NARROW) * norm.running_var.sqrt() + norm.running_mean
    normed = norm(rows)
    torch.testing.assert_close(normed.mean(0), rows.mean(0), rtol=0.1, atol=0.1)
    torch.testing.assert_close(normed.std(0), norm.weight.detach(), rtol=0.1, atol=0.1)


def test_a_checkpoint_of_other_sizes_is_refused(narrow, wide):
    state = wide.state_dict() | {"decoder.attention_rnn.bias_ih": torch.ones(9)}
    with pytest.raises(ValueError, match=r"decoder\.attention_rnn\.bias_ih: expected \(28,\), got \(9,\)"):
        narrowed(narrow, state)
