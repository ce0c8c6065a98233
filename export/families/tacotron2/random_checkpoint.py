"""Tacotron 2 with random weights: for tests, and for speed at full size.

Layer by layer it is the published network (28.2 M parameters), but nothing was trained. A gate with random
weights fires at once or never; here it follows a counter that is built into the weights, so an utterance ends
later the more symbols it has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from export.random_weights import give_statistics
from export.synthesis.random_mel import FEATURES, MEL

MODULES = "nemo.collections.tts.modules.tacotron2"
TOKENIZERS = "nemo.collections.common.tokenizers.text_to_speech.tts_tokenizers"
G2P = "nemo.collections.tts.g2p.models.en_us_arpabet.EnglishG2p"
EMBEDDING = 512  # fixed by NeMo's Tacotron2Model

DECODER = {
    "n_frames_per_step": 1,
    "attention_dim": 128,
    "attention_location_n_filters": 32,
    "attention_location_kernel_size": 31,
    "attention_rnn_dim": 1024,
    "decoder_rnn_dim": 1024,
    "prenet_dim": 256,
    "max_decoder_steps": 1000,
    "gate_threshold": 0.5,
    "p_attention_dropout": 0.1,
    "p_decoder_dropout": 0.1,
    "prenet_p_dropout": 0.5,
    "early_stopping": True,
}
LSTM_WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def phonemes(dictionary: Path, heteronyms: Path | None = None, **changes: Any) -> dict[str, Any]:
    """The text_tokenizer section of a model that reads ARPAbet where the dictionary has the word."""
    g2p = {"_target_": G2P, "phoneme_dict": str(dictionary)}
    if heteronyms is not None:
        g2p["heteronyms"] = str(heteronyms)
    options = {"punct": True, "stresses": True, "chars": True, "apostrophe": True, "pad_with_space": True}
    return {"_target_": f"{TOKENIZERS}.EnglishPhonemesTokenizer", **options, "g2p": g2p, **changes}


def characters(**changes: Any) -> dict[str, Any]:
    """The text_tokenizer section of a model that reads letters."""
    return {"_target_": f"{TOKENIZERS}.EnglishCharsTokenizer", "pad_with_space": True, **changes}


def tacotron2_model(
    tokenizer: Mapping[str, Any] | Sequence[str],
    mel: Mapping[str, Any] = MEL,
    decoder: Mapping[str, Any] = DECODER,
    postnet_channels: int = 512,
    longest_s: float | None = None,
) -> Any:
    """A NeMo Tacotron2Model with random weights that ends every utterance of up to about 150 symbols.

    Args:
        tokenizer: a text_tokenizer section, or the labels that models had before there were tokenizers.
        mel: settings of the preprocessor.
        decoder: settings of the decoder.
        postnet_channels: of the layers between.
        longest_s: the longest utterance of the training data, for the configuration.
    """
    import torch
    from nemo.collections.tts.models import Tacotron2Model
    from omegaconf import OmegaConf, open_dict

    encoder = {"encoder_kernel_size": 5, "encoder_n_convolutions": 3, "encoder_embedding_dim": EMBEDDING}
    postnet = {"postnet_kernel_size": 5, "postnet_n_convolutions": 5, "p_dropout": 0.5}
    config: dict[str, Any] = {
        "sample_rate": mel["sample_rate"],
        "preprocessor": {"_target_": FEATURES, **mel},
        "encoder": {"_target_": f"{MODULES}.Encoder", **encoder},
        "decoder": {
            "_target_": f"{MODULES}.Decoder",
            "n_mel_channels": mel["nfilt"],
            "encoder_embedding_dim": EMBEDDING,
            **decoder,
        },
        "postnet": {
            "_target_": f"{MODULES}.Postnet",
            "n_mel_channels": mel["nfilt"],
            "postnet_embedding_dim": postnet_channels,
            **postnet,
        },
    }
    if isinstance(tokenizer, Mapping):
        config["text_tokenizer"] = dict(tokenizer)
    else:
        config["labels"] = list(tokenizer)
    torch.manual_seed(1)
    model = Tacotron2Model(cfg=OmegaConf.create(config)).eval()
    if longest_s is not None:
        with open_dict(model.cfg):
            model.cfg.train_ds = {"dataset": {"_target_": "TTSDataset", "max_duration": longest_s}}
    give_statistics(model)
    count_symbols(model)
    with torch.no_grad():  # about the log-mel level of speech
        model.decoder.linear_projection.linear_layer.bias.fill_(-5.0)
    return model


def count_symbols(model: Any) -> None:
    """Make the gate fire after a number of steps that grows with the number of symbols.

    The first unit of the encoder's forward LSTM counts symbols, so the attention's context holds about half
    their number. The first unit of the decoder's LSTM counts steps, in strides that the context shortens, and
    the gate reads that count.
    """
    import torch

    per_symbol, stride, shortened, far = 0.012, 0.040, 0.055, 0.8
    with torch.no_grad():
        encoder, decoder = model.encoder.lstm, model.decoder.decoder_rnn
        units, steps = encoder.hidden_size, decoder.hidden_size
        context = model.decoder.attention_rnn_dim
        for weights, size in (
            ((encoder.weight_ih_l0, encoder.weight_hh_l0, encoder.bias_ih_l0, encoder.bias_hh_l0), units),
            ((decoder.weight_ih, decoder.weight_hh, decoder.bias_ih, decoder.bias_hh), steps),
        ):
            for weight in weights:
                weight[0::size] = 0.0
        for bias, size, gain in (
            (encoder.bias_ih_l0, units, per_symbol),
            (decoder.bias_ih, steps, stride),
        ):  # input, forget and output gates open, in torch's order input, forget, cell, output
            bias[0], bias[size], bias[2 * size], bias[3 * size] = 12.0, 12.0, gain, 12.0
        decoder.weight_ih[2 * steps, context] = -shortened
        gate = model.decoder.gate_layer.linear_layer
        gate.weight.zero_()
        gate.weight[0, 0] = 40.0
        gate.bias.fill_(-40.0 * float(torch.tensor(far).tanh()))


def narrow_encoder(model: Any, live: int) -> None:
    """Leave `live` channels of the encoder, as when a smaller network is stored in NeMo's 512 channels."""
    import torch

    lstm, units = model.encoder.lstm, live // 2
    with torch.no_grad():
        model.text_embedding.weight[:, live:] = 0.0
        for conv, norm in model.encoder.convolutions:
            conv.conv.weight[live:] = conv.conv.bias[live:] = 0.0
            conv.conv.weight[:, live:] = 0.0
            norm.weight[live:] = norm.bias[live:] = norm.running_mean[live:] = 0.0
        for suffix in ("", "_reverse"):
            weights = {name: getattr(lstm, f"{name}_l0{suffix}") for name in LSTM_WEIGHTS}
            for weight in weights.values():
                weight.view(4, lstm.hidden_size, -1)[:, units:] = 0.0
            weights["weight_ih"][:, live:] = 0.0
            weights["weight_hh"][:, units:] = 0.0


def write(path: Path) -> None:
    """Write a model of the published size that reads letters."""
    tacotron2_model(characters()).save_to(str(path))
