"""The int8 variant for CPUs: static, per channel, of all products with weights but the last."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import onnx
from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

from export.quiet import quiet_root_logger
from export.recognition.calibration import FeatureReader, Features


def quantize(source: Path, target: Path, features: Sequence[Features]) -> None:
    """Write the int8 variant of a float acoustic model.

    Ranges of activations are fixed by the calibration: were they taken from the data, as in dynamic
    quantisation, a row would depend on the others of its batch. Attention's own products stay float.

    Args:
        source: the float graph.
        target: file to write.
        features: calibration data, at least one recording.
    """
    graph = onnx.load(str(source), load_external_data=False).graph
    products = [node.name for node in graph.node if node.op_type == "MatMul"]
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
            op_types_to_quantize=["MatMul"],
            nodes_to_exclude=products[-1:],
            extra_options={"MatMulConstBOnly": True},
        )
