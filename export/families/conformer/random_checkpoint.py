"""Conformers with random weights: of the published sizes for measuring speed, small ones for tests."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from export.random_weights import give_statistics
from export.recognition.random_pieces import WORDS, model_config, write_tokenizer

_MODULES = "nemo.collections.asr.modules"


def conformer(**changes: Any) -> dict[str, Any]:
    """Encoder settings of stt_en_conformer_ctc_large (120 M parameters), but for what is changed."""
    return {
        "feat_in": 80,
        "n_layers": 18,
        "d_model": 512,
        "n_heads": 8,
        "subsampling": "striding",
        "subsampling_factor": 4,
        "subsampling_conv_channels": -1,
        "conv_kernel_size": 31,
        **changes,
    }


def fastconformer(**changes: Any) -> dict[str, Any]:
    """Encoder settings of stt_en_fastconformer_ctc_large (115 M parameters), but for what is changed."""
    return conformer(
        **{
            "n_layers": 17,
            "subsampling": "dw_striding",
            "subsampling_factor": 8,
            "subsampling_conv_channels": 256,
            "conv_kernel_size": 9,
            "xscaling": False,
            **changes,
        }
    )


def recognition_model(encoder: dict[str, Any], tokenizer: Path) -> Any:
    """A NeMo EncDecCTCModelBPE with a Conformer of random weights, and statistics as if it had seen data.

    Args:
        encoder: settings of ConformerEncoder.
        tokenizer: folder of `write_tokenizer`.
    """
    import torch
    from nemo.collections.asr.models import EncDecCTCModelBPE

    torch.manual_seed(1)
    model = EncDecCTCModelBPE(cfg=model_config(encoder, tokenizer, f"{_MODULES}.ConformerEncoder")).eval()
    randomise(model)
    return model


def randomise(model: Any) -> None:
    """Give values to what NeMo initialises to zeros and ones."""
    import torch

    give_statistics(model)
    for module in model.modules():
        for name in ("pos_bias_u", "pos_bias_v"):
            if isinstance(getattr(module, name, None), torch.nn.Parameter):
                torch.nn.init.normal_(getattr(module, name), std=0.5)


def write(path: Path) -> None:
    """Write a FastConformer of the published size, with a tokenizer of letters and common endings."""
    with tempfile.TemporaryDirectory() as folder:
        write_tokenizer(Path(folder), WORDS, pieces=128)
        recognition_model(fastconformer(), Path(folder)).save_to(str(path))


def hybrid_model(encoder: dict[str, Any], tokenizer: Path) -> Any:
    """A NeMo EncDecHybridRNNTCTCBPEModel: the same with a small transducer beside its CTC head."""
    import torch
    from nemo.collections.asr.models import EncDecHybridRNNTCTCBPEModel
    from omegaconf import OmegaConf

    config = model_config(encoder, tokenizer, f"{_MODULES}.ConformerEncoder")
    width, hidden = encoder["d_model"], 16
    head = OmegaConf.to_container(config.pop("decoder"))
    transducer = {
        "model_defaults": {"enc_hidden": width, "pred_hidden": hidden, "joint_hidden": hidden},
        "aux_ctc": {"ctc_loss_weight": 0.3, "decoder": head, "decoding": {"strategy": "greedy"}},
        "decoder": {
            "_target_": f"{_MODULES}.RNNTDecoder",
            "normalization_mode": None,
            "random_state_sampling": False,
            "blank_as_pad": True,
            "prednet": {"pred_hidden": hidden, "pred_rnn_layers": 1, "t_max": None, "dropout": 0.0},
        },
        "joint": {
            "_target_": f"{_MODULES}.RNNTJoint",
            "log_softmax": None,
            "preserve_memory": False,
            "fuse_loss_wer": False,
            "fused_batch_size": 1,
            "jointnet": {"joint_hidden": hidden, "activation": "relu", "dropout": 0.0},
        },
        "decoding": {"strategy": "greedy_batch", "greedy": {"max_symbols": 10}},
        "loss": {"loss_name": "default"},
    }
    torch.manual_seed(1)
    model = EncDecHybridRNNTCTCBPEModel(cfg=OmegaConf.merge(config, OmegaConf.create(transducer))).eval()
    randomise(model)
    return model
