"""The int8 variant of an acoustic model for CPUs: static, per channel, calibrated on real features."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

from export.graph_file import LARGEST_BYTES, save_graph
from export.quiet import quiet_root_logger
from tritone.repository.file_names import weights_file

Features = tuple[np.ndarray, np.ndarray]
"""features (1, M, T) float32 and features_length (1, 1) int64."""


class FeatureReader(CalibrationDataReader):
    """Feeds the features of each recording to the calibration."""

    def __init__(self, features: Sequence[Features]):
        self.rest = iter(features)

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next recording's inputs, None at the end."""
        item = next(self.rest, None)
        return None if item is None else {"features": item[0], "features_length": item[1]}


def quantize(
    source: Path,
    target: Path,
    features: Sequence[Features],
    operators: Sequence[str],
    largest: int = LARGEST_BYTES,
) -> None:
    """Write the int8 variant of a float acoustic model.

    Weights are int8 per output channel, activations uint8 per tensor with ranges fixed by the calibration:
    were they taken from the data, as in dynamic quantisation, a row would depend on the others of its batch.
    The output layer stays float, since it is small and every log-probability goes through it; so do products
    of two activations.

    Args:
        source: the float graph.
        target: file to write.
        features: calibration data, at least one recording.
        operators: types to quantise, that of the output layer first.
        largest: bytes of weights that the graph's file may hold; larger ones go into a data file beside it.
    """
    graph = onnx.load(str(source), load_external_data=False).graph
    outputs = [node.name for node in graph.node if node.op_type == operators[0]]
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
            op_types_to_quantize=list(operators),
            nodes_to_exclude=outputs[-1:],
            use_external_data_format=weights_file(source).exists(),
            extra_options={"MatMulConstBOnly": True},
        )
    save_graph(onnx.load(str(target)), target, largest)
