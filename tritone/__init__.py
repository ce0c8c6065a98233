"""tritone: speech recognition, punctuation and synthesis on NVIDIA Triton Inference Server.

The library behind the model repository: numpy in, numpy out; no torch, no web framework. Model files,
exporters and benchmarks import it, it imports none of them.
"""

__version__ = "0.1.0"
