"""How much of a stream an acoustic model needs around the frames that it is asked about.

A convolution reads its kernel's whole width, but the influence of a frame on a label falls off like a bell
curve: that of stacked convolutions has the sum of their variances. `make stream-context` measures it on
recordings instead.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx

LEFT, RIGHT = 3.5, 1.1  # standard deviations of the influence that a step sees before and after its frames
_SHORTEST_STEP_S = 0.32  # speech that a call of the network adds
_STEPS = 8  # of which a window consists at most, so that a network with a large field is called less often
_ROUNDING_S = 0.04
_UNBOUNDED = {"left_context_s": 4.0, "right_context_s": 1.28, "step_s": 0.64}  # a network with attention


@dataclass(frozen=True)
class Field:
    """The frames of features that an output of a graph depends on."""

    jump: int = 1  # frames of features per frame of the tensor
    reach: float = 0.0  # frames on either side, on average
    variance: float = 0.0  # of the influence, frames squared
    is_bounded: bool = True

    def joined(self, other: Field) -> Field:
        """Return the field of a tensor that depends on two."""
        return Field(
            max(self.jump, other.jump),
            max(self.reach, other.reach),
            max(self.variance, other.variance),
            self.is_bounded and other.is_bounded,
        )


def receptive_field(path: Path) -> Field:
    """Return the field of a graph's log-probabilities in frames of its features."""
    graph = onnx.load(str(path), load_external_data=False).graph
    sizes = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    fields = {"features": Field()}
    for node in graph.node:
        inputs = [fields[name] for name in node.input if name in fields]
        if not inputs:
            continue
        field = inputs[0]
        for other in inputs[1:]:
            field = field.joined(other)
        if node.op_type == "Conv":
            field = _convolved(field, _attributes(node), sizes.get(node.input[1], []))
        elif node.op_type == "Softmax" and node.output[0] != "log_probs":
            field = Field(field.jump, field.reach, field.variance, is_bounded=False)
        fields.update(dict.fromkeys(node.output, field))
    return fields["log_probs"]


def contexts(field: Field, feature_s: float, stride: int) -> dict[str, float]:
    """Return the contexts and the step of streams, in seconds, as a sidecar holds them.

    Args:
        field: of the log-probabilities.
        feature_s: seconds per frame of features.
        stride: frames of features per frame of log-probabilities.
    """
    if not field.is_bounded:
        return dict(_UNBOUNDED)
    deviation_s = math.sqrt(field.variance) * feature_s
    reach_s, frame_s = field.reach * feature_s, feature_s * stride
    left, right = (_rounded(min(count * deviation_s, reach_s), frame_s) for count in (LEFT, RIGHT))
    step = _rounded(max(_SHORTEST_STEP_S, (left + right) / _STEPS), frame_s)
    return {"left_context_s": left, "right_context_s": right, "step_s": step}


def described(field: Field, feature_s: float) -> dict[str, Any]:
    """Return the receptive field as a sidecar holds it: seconds on either side, None without a bound."""
    return {"receptive_field_s": round(field.reach * feature_s, 2) if field.is_bounded else None}


def _rounded(seconds: float, frame_s: float) -> float:
    """Round up to whole frames of the network, and to a number that is easily read."""
    unit = max(_ROUNDING_S, frame_s)
    return round(max(1, math.ceil(seconds / unit - 0.25)) * unit, 4)


def _convolved(field: Field, attributes: Mapping[str, Sequence[int]], kernel: Sequence[int]) -> Field:
    widths = list(kernel[2:]) or list(attributes.get("kernel_shape", (1,)))
    dilation = (attributes.get("dilations") or [1] * len(widths))[-1]
    stride = (attributes.get("strides") or [1] * len(widths))[-1]
    width, spread = widths[-1], field.jump * dilation
    return Field(
        field.jump * stride,
        field.reach + spread * (width - 1) / 2,
        field.variance + spread**2 * (width**2 - 1) / 12,
        field.is_bounded,
    )


def _attributes(node: Any) -> dict[str, list[int]]:
    return {attribute.name: list(attribute.ints) for attribute in node.attribute}
