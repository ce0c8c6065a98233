"""From a NeMo checkpoint to verified ONNX graphs in the model repository (runs in the NeMo environment)."""
