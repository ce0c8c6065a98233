"""The part of the module `tensorrt` that Polygraphy builds with, for tests without it: plans are graphs.

What it has, the real bindings have: test_bindings.py compares it with the names of TensorRT 10.16.1.11.
"""

from __future__ import annotations

from enum import IntEnum
from types import SimpleNamespace

import onnx

__version__ = "10.16.1.11"
TIMING = b"measured times"
BuilderFlag = IntEnum("BuilderFlag", ["FP16", "TF32"], start=0)
MemoryPoolType = IntEnum("MemoryPoolType", ["WORKSPACE"], start=0)
NetworkDefinitionCreationFlag = IntEnum("NetworkDefinitionCreationFlag", ["STRONGLY_TYPED"])
DeviceType = IntEnum("DeviceType", ["GPU", "DLA"])
Logger = IntEnum("Logger", ["INTERNAL_ERROR", "ERROR", "WARNING", "INFO", "VERBOSE"])


class State(SimpleNamespace):
    """What was asked of the fake, and what a test makes it do wrong."""

    def reset(self):
        self.__dict__.update(
            {"network_flags": 0, "config": None, "builds": 0, "parser_errors": [], "refuses_build": False}
        )


state = State()


class ILogger:
    def __init__(self):
        pass


class HostMemory(bytes):
    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass


class ITimingCache:
    def __init__(self, content):
        self.content = content

    def serialize(self):
        return HostMemory(self.content + TIMING)

    def combine(self, input_cache, ignore_mismatch):
        return True


class IOptimizationProfile:
    def __init__(self):
        self._shapes = {}

    def set_shape(self, input, min, opt, max):
        self._shapes[input] = (tuple(min), tuple(opt), tuple(max))


class IBuilderConfig:
    DLA_core = -1
    default_device_type = DeviceType.GPU

    def __init__(self):
        self.profiles, self.limits, self.flags = [], {}, {BuilderFlag.TF32}

    @property
    def num_optimization_profiles(self):
        return len(self.profiles)

    def add_optimization_profile(self, profile):
        self.profiles.append(profile._shapes)
        return len(self.profiles) - 1

    def set_memory_pool_limit(self, pool, pool_size):
        self.limits[pool] = pool_size

    def clear_flag(self, flag):
        self.flags.discard(flag)

    def get_flag(self, flag):
        return flag in self.flags

    def create_timing_cache(self, serialized_timing_cache):
        content = bytes(serialized_timing_cache)
        return None if content == b"damaged" else ITimingCache(content)

    def set_timing_cache(self, cache, ignore_mismatch):
        self.cache = cache
        return True

    def get_timing_cache(self):
        return self.cache


class INetworkDefinition:
    def __init__(self):
        self.graph = b""

    def __iter__(self):
        return iter(())

    @property
    def num_inputs(self):
        return len(onnx.load_from_string(self.graph).graph.input)

    def get_input(self, index):
        name = onnx.load_from_string(self.graph).graph.input[index].name
        return SimpleNamespace(name=name, is_shape_tensor=False, dtype="float32", shape=())


class Builder:
    def __init__(self, logger):
        self._logger = logger

    def create_network(self, flags=0):
        state.network_flags = flags
        return INetworkDefinition()

    def create_builder_config(self):
        state.config = IBuilderConfig()
        return state.config

    def create_optimization_profile(self):
        return IOptimizationProfile()

    def build_serialized_network(self, network, config):
        state.builds += 1
        self._logger.log(Logger.WARNING, "a slow kernel")
        self._logger.log(Logger.VERBOSE, "a detail")
        if state.refuses_build:
            self._logger.log(Logger.ERROR, "no kernel for this layer")
            return None
        return HostMemory(network.graph)


class OnnxParser:
    def __init__(self, network, logger):
        self._network = network
        self.num_errors = len(state.parser_errors)

    def parse(self, model):
        onnx.checker.check_model(onnx.load_from_string(model))
        self._network.graph = model
        return not state.parser_errors

    def get_error(self, index):
        return state.parser_errors[index]


def init_libnvinfer_plugins(logger, namespace):
    return True
