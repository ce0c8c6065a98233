"""The int8 variant of an acoustic model for CPUs: static, per channel, calibrated on real features."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import onnx
from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

from export.quiet import quiet_root_logger
from export.recognition.calibration import FeatureReader, Features


def quantize(source: Path, target: Path, features: Sequence[Features]) -> None:
    """Write the int8 variant of a float acoustic model.

    Weights are int8 per output channel, activations uint8 per tensor with ranges fixed by the calibration, so
    the result of a row depends on nothing else in its batch. The output layer stays float: it is small, and
    every log-probability goes through it.

    Args:
        source: the float graph.
        target: file to write.
        features: calibration data, at least one recording.
    """
    graph = onnx.load(str(source)).graph
    convolutions = [node.name for node in graph.node if node.op_type == "Conv"]
    with quiet_root_logger():
        quantize_static(
            str(source),
            str(target),
            FeatureReader(features),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            op_types_to_quantize=["Conv", "Add"],
            nodes_to_exclude=convolutions[-1:],
        )
