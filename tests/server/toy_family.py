"""A recogniser family as someone else would add it: one linear layer over log-mel features.

It stands outside of the package on purpose, and knows of it only what docs/add-a-model-family.md tells.
"""

from __future__ import annotations

import io
import tarfile

import numpy as np
import onnx
import onnxruntime as ort
import yaml
from onnx import TensorProto, helper, numpy_helper

from export.family import Family
from export.recognition.engine import AcousticEngine
from export.verification import Check, max_abs
from tritone.recognition.labels import letter_fields

LABELS = [" ", *"abcde"]
MELS, STRIDE = 64, 2


class Toy(Family):
    name = "toy"
    role = "recogniser"
    class_name = "ToyModel"
    describes = "one linear layer"
    models = ("asr_toy", "asr_toy_windows", "asr_toy_decoder")

    @classmethod
    def engines(cls):
        return (AcousticEngine("asr_toy"),)

    @classmethod
    def write_random(cls, path):
        weight = np.random.default_rng(0).normal(0, 0.5, (MELS, len(LABELS) + 1)).astype(np.float32)
        content = io.BytesIO()
        np.save(content, weight)
        config = yaml.safe_dump({"target": "toys.ToyModel", "labels": LABELS, "sample_rate": 16000})
        files = {"model_config.yaml": config.encode(), "weight.npy": content.getvalue()}
        with tarfile.open(path, "w") as archive:
            for name, data in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))

    def restore(self):
        with tarfile.open(self.checkpoint.path) as archive:
            self.weight = np.load(io.BytesIO(archive.extractfile("weight.npy").read()))
        self.labels = self.checkpoint.config["labels"]
        self.rate_hz = self.checkpoint.config["sample_rate"]

    def build(self, stage):
        onnx.save(graph(self.weight), str(stage.path("asr_toy", "model.onnx")))
        labels = letter_fields(self.labels, len(self.labels))
        frame_samples = STRIDE * self.rate_hz // 100
        origin = {
            "checkpoint": self.checkpoint.path.name,
            "checkpoint_sha256": self.checkpoint.sha256,
            "model_class": self.class_name,
        }
        stage.write_json("asr_toy", "toy.json", origin)
        windows = {"sample_rate_hz": self.rate_hz, "frame_samples": frame_samples, **labels}
        stage.write_json("asr_toy_windows", "windows.json", windows)
        decoder = {**labels, "frame_s": frame_samples / self.rate_hz, "end_pad_s": 0.0}
        stage.write_json("asr_toy_decoder", "ctc.json", decoder)

    def verify(self, stage):
        session = ort.InferenceSession(str(stage.path("asr_toy", "model.onnx")))
        features = np.random.default_rng(1).normal(0, 1, (2, MELS, 31)).astype(np.float32)
        length = np.array([[31], [8]])
        log_probs, frames = session.run(None, {"features": features, "features_length": length})
        logits = features[:, :, ::STRIDE].transpose(0, 2, 1) @ self.weight
        expected = logits - np.log(np.exp(logits).sum(axis=2, keepdims=True))
        return [
            Check("log-probs", "max abs", max_abs(log_probs, expected), 1e-4),
            Check("lengths", "max abs", max_abs(frames, np.array([[16], [4]])), 0.0),
        ]


def graph(weight):
    """Log-mel features (B, M, T) to log-probabilities (B, T/2, V), each with its lengths (B, 1)."""
    constants = {
        "weight": weight,
        "first": np.array([0]),
        "last": np.array([2**31 - 1]),
        "axis": np.array([2]),
        "stride": np.array([STRIDE]),
        "one": np.array(1),
    }
    nodes = [
        helper.make_node("Slice", ["features", "first", "last", "axis", "stride"], ["every"]),
        helper.make_node("Transpose", ["every"], ["rows"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["rows", "weight"], ["logits"]),
        helper.make_node("LogSoftmax", ["logits"], ["log_probs"], axis=2),
        helper.make_node("Add", ["features_length", "one"], ["more"]),
        helper.make_node("Div", ["more", "stride"], ["log_probs_length"]),
    ]
    inputs = {"features": (TensorProto.FLOAT, ["B", MELS, "T"])}
    outputs = {"log_probs": (TensorProto.FLOAT, ["B", "frames", weight.shape[1]])}
    made = helper.make_graph(
        nodes,
        "toy",
        [
            declared(inputs | {"features_length": (TensorProto.INT64, ["B", 1])}, name)
            for name in ("features", "features_length")
        ],
        [
            declared(outputs | {"log_probs_length": (TensorProto.INT64, ["B", 1])}, name)
            for name in ("log_probs", "log_probs_length")
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def declared(tensors, name):
    return helper.make_tensor_value_info(name, *tensors[name])
