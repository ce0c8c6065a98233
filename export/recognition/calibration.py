"""Features of recordings for the calibration of int8 variants."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnxruntime.quantization import CalibrationDataReader

Features = tuple[np.ndarray, np.ndarray]
"""features (1, M, T) float32 and features_length (1, 1) int64."""


class FeatureReader(CalibrationDataReader):
    """Hands the features of one recording after the other to the calibration."""

    def __init__(self, features: Sequence[Features]):
        self.rest = iter(features)

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next recording's inputs, None at the end."""
        item = next(self.rest, None)
        return None if item is None else {"features": item[0], "features_length": item[1]}
