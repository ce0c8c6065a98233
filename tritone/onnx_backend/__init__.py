"""The CPU stand-in for Triton's ONNX Runtime backend: config to session, checks, pooled execution."""
