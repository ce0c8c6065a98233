"""TensorRT engines from the graphs of a model repository: profiles, precision, build, verification, cache."""
