"""tritone: speech recognition, punctuation and synthesis on NVIDIA Triton Inference Server.

The library that model files, exporters and benchmarks import; it imports none of them, no torch and no web
framework.
"""

__version__ = "0.1.0"
