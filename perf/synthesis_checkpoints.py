"""Tacotron 2 and WaveGlow checkpoints with random weights: for tests, and for speed at full size.

    python -m perf.synthesis_checkpoints tacotron2 OUT.nemo --dictionary cmudict.txt
    python -m perf.synthesis_checkpoints waveglow OUT.nemo

Run it in the NeMo environment. Layer by layer the networks are the published ones (28.2 M and 87.9 M
parameters), but nothing was trained. A gate with random weights fires at once or never; here it follows a
counter that is built into the weights, so an utterance ends later the more symbols it has.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

MODULES = "nemo.collections.tts.modules"
FEATURES = "nemo.collections.asr.parts.preprocessing.features.FilterbankFeatures"
TOKENIZERS = "nemo.collections.common.tokenizers.text_to_speech.tts_tokenizers"
G2P = "nemo.collections.tts.g2p.models.en_us_arpabet.EnglishG2p"
EMBEDDING = 512  # fixed by NeMo's Tacotron2Model

MEL = {
    "sample_rate": 22050,
    "n_window_size": 1024,
    "n_window_stride": 256,
    "n_fft": 1024,
    "nfilt": 80,
    "lowfreq": 0,
    "highfreq": 8000,
    "window": "hann",
    "normalize": None,
    "preemph": None,
    "log": True,
    "log_zero_guard_type": "clamp",
    "log_zero_guard_value": 1e-5,
    "mag_power": 1.0,
    "dither": 0.0,
    "pad_to": 0,
    "pad_value": -11.52,
}
"""How the published pair sees a sound."""

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
WAVEGLOW = {
    "n_flows": 12,
    "n_group": 8,
    "n_early_every": 4,
    "n_early_size": 2,
    "n_wn_channels": 256,
    "n_wn_layers": 8,
    "wn_kernel_size": 3,
}


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
        "encoder": {"_target_": f"{MODULES}.tacotron2.Encoder", **encoder},
        "decoder": {
            "_target_": f"{MODULES}.tacotron2.Decoder",
            "n_mel_channels": mel["nfilt"],
            "encoder_embedding_dim": EMBEDDING,
            **decoder,
        },
        "postnet": {
            "_target_": f"{MODULES}.tacotron2.Postnet",
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
    with torch.no_grad():  # about where the log-mel of speech lies
        model.decoder.linear_projection.linear_layer.bias.fill_(-5.0)
    return model


def give_statistics(model: Any) -> None:
    """Make the batch normalisations look as if they had seen data."""
    import torch

    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            torch.nn.init.normal_(module.running_mean, std=0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
            torch.nn.init.uniform_(module.weight, 0.8, 1.2)
            torch.nn.init.normal_(module.bias, std=0.1)


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


def waveglow_model(mel: Mapping[str, Any] = MEL, waveglow: Mapping[str, Any] = WAVEGLOW) -> Any:
    """A NeMo WaveGlowModel with random weights whose coupling layers do something."""
    import torch
    from nemo.collections.tts.models import WaveGlowModel
    from omegaconf import OmegaConf

    config = {
        "sigma": 1.0,
        "preprocessor": {"_target_": FEATURES, **mel},
        "waveglow": {
            "_target_": f"{MODULES}.waveglow.WaveGlowModule",
            "n_mel_channels": mel["nfilt"],
            **waveglow,
        },
    }
    torch.manual_seed(2)
    model = WaveGlowModel(cfg=OmegaConf.create(config)).eval()
    for wavenet in model.waveglow.wavenet:  # zero where NeMo starts from
        torch.nn.init.normal_(wavenet.end.weight, std=0.02)
        torch.nn.init.normal_(wavenet.end.bias, std=0.02)
    with torch.no_grad():  # a trained flow maps the small values of speech to a deviation of one
        model.waveglow.convinv[0].conv.weight.mul_(10.0)
    return model


def fold_conditioning(model: Any, taps: int = 3) -> None:
    """Let the conditioning be a convolution over frames, interpolated linearly between them.

    Of every group of samples only the first `taps` carry anything: mel frames, each shifted by one frame and
    interpolated at the group's place between two. The coupling layers read only these.
    """
    import torch

    module = model.waveglow
    mels, group, hop = module.n_mel_channels, module.n_group, module.upsample.stride[0]
    columns = hop // group
    weight = torch.zeros_like(module.upsample.weight).view(mels, mels, -1, columns, group)
    place = torch.arange(columns) / columns
    diagonal = torch.arange(mels)
    with torch.no_grad():
        for tap in range(taps):
            weight[diagonal, diagonal, tap + 1, :, tap] = 1 - place
            weight[diagonal, diagonal, tap, :, tap] = place
        module.upsample.weight.copy_(weight.view(mels, mels, -1))
        module.upsample.bias.zero_()
        for wavenet in module.wavenet:
            conditioning = wavenet.cond_layer.weight_v
            by_sample = conditioning.view(len(conditioning), mels, group)
            by_sample[..., taps:] = 0.0
            wavenet.cond_layer.weight_g.copy_(conditioning.norm(dim=(1, 2), keepdim=True))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write one checkpoint of the published size."""
    parser = argparse.ArgumentParser(
        prog="python -m perf.synthesis_checkpoints", description=__doc__.split("\n")[0]
    )
    parser.add_argument("kind", choices=("tacotron2", "waveglow"))
    parser.add_argument("output", type=Path)
    parser.add_argument("--dictionary", type=Path, help="pronunciations; without, the model reads letters")
    given = parser.parse_args(arguments)
    from export.nemo_environment import prepare

    prepare()
    given.output.parent.mkdir(parents=True, exist_ok=True)
    tokenizer = phonemes(given.dictionary) if given.dictionary else characters()
    model = tacotron2_model(tokenizer) if given.kind == "tacotron2" else waveglow_model()
    model.save_to(str(given.output))
    print(f"wrote {given.output} ({given.output.stat().st_size / 1e6:.1f} MB), random weights")
    return 0


if __name__ == "__main__":
    sys.exit(main())
