"""Checkpoints as the first NeMo releases wrote them, which is what the published ones are."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from export import __main__ as command

pytestmark = pytest.mark.parity


def rewrite(source: Path, target: Path, change: Callable[[dict[str, Any], Path], dict[str, Any]]) -> None:
    """Copy a checkpoint, compressed as it used to be, with its configuration and files changed."""
    folder = target.with_suffix("")
    with tarfile.open(source) as archive:
        archive.extractall(folder, filter="data")
    config = folder / "model_config.yaml"
    config.write_text(yaml.safe_dump(change(yaml.safe_load(config.read_text()), folder)))
    with tarfile.open(target, "w:gz") as archive:
        archive.add(folder, arcname=".")


def test_modules_named_by_cls_and_params(checkpoints, recordings, tmp_path):
    def change(config: dict[str, Any], _: Path) -> dict[str, Any]:
        for name in ("preprocessor", "encoder", "decoder"):
            parameters = config.pop(name)
            config[name] = {"cls": parameters.pop("_target_"), "params": parameters}
        config["preprocessor"]["params"].update(stft_conv=True, stft_exact_pad=False)
        config.pop("decoding", None)
        return config

    rewrite(checkpoints["quartznet"], tmp_path / "early.nemo", change)
    arguments = ["--repository", str(tmp_path / "repository"), "--calibration", str(recordings)]
    assert command.main([str(tmp_path / "early.nemo"), *arguments]) == 0


def test_punctuation_settings_under_dataset_and_position_ids_among_the_weights(checkpoints, tmp_path):
    def change(config: dict[str, Any], folder: Path) -> dict[str, Any]:
        common = config.pop("common_dataset_parameters")
        for head, labels in (("punct", common["punct_label_ids"]), ("capit", common["capit_label_ids"])):
            config[f"{head}_head"][f"{head}_num_fc_layers"] = config[f"{head}_head"].pop("num_fc_layers")
            config[f"{head}_label_ids"] = labels
            (folder / f"{head}_label_ids.csv").write_text("\n".join(labels) + "\n")
            config["class_labels"][f"{head}_labels_file"] = f"nemo:{head}_label_ids.csv"
        config["dataset"] = {"data_dir": "/data", "pad_label": "O", "ignore_extra_tokens": False}
        weights = torch.load(folder / "model_weights.ckpt", weights_only=True)
        weights["bert_model.embeddings.position_ids"] = torch.arange(128)[None]
        torch.save(weights, folder / "model_weights.ckpt")
        return config

    rewrite(checkpoints["bert"], tmp_path / "early.nemo", change)
    arguments = ["--repository", str(tmp_path / "repository")]
    assert command.main([str(tmp_path / "early.nemo"), *arguments]) == 0
