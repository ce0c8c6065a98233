"""TensorRT and CUDA for tests without them: plans are graphs, and ONNX Runtime runs them.

What the fake has, the real bindings have: test_bindings.py compares it with the names of TensorRT 10.16.1.11.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime as ort

TIMING = b"what was learnt"


class FakeMemory(bytes):
    """IHostMemory."""


class ITimingCache:
    def __init__(self, content):
        self.content = content

    def serialize(self):
        return FakeMemory(self.content + TIMING)


class ILogger:
    Severity = SimpleNamespace(
        **{
            name: SimpleNamespace(name=name)
            for name in ("INTERNAL_ERROR", "ERROR", "WARNING", "INFO", "VERBOSE")
        }
    )

    def __init__(self):
        pass


class IOptimizationProfile:
    def __init__(self):
        self._shapes = {}

    def set_shape(self, input, min, opt, max):
        self._shapes[input] = (tuple(min), tuple(opt), tuple(max))


class IBuilderConfig:
    def __init__(self, trt):
        self._trt = trt
        self.builder_optimization_level = 3

    def set_memory_pool_limit(self, pool, pool_size):
        self._trt.calls.append(("workspace", pool, pool_size))

    def clear_flag(self, flag):
        self._trt.calls.append(("clear_flag", flag))

    def add_optimization_profile(self, profile):
        self._trt.profiles.append(profile._shapes)
        return -1 if self._trt.refuse_profiles else len(self._trt.profiles) - 1

    def create_timing_cache(self, serialized_timing_cache):
        content = bytes(serialized_timing_cache)
        return None if content == b"damaged" else ITimingCache(content)

    def set_timing_cache(self, cache, ignore_mismatch):
        assert isinstance(cache, ITimingCache)
        assert ignore_mismatch is False
        if cache.content == b"of another version":
            return False
        self._cache = cache
        return True

    def get_timing_cache(self):
        return self._cache


class ParserError:
    def __init__(self, name, operator, text):
        self._fields = (name, operator, text)

    def node_name(self):
        return self._fields[0]

    def node_operator(self):
        return self._fields[1]

    def desc(self):
        return self._fields[2]


class ICudaEngine:
    def __init__(self, trt, plan):
        self._trt = trt
        options = ort.SessionOptions()
        options.log_severity_level = 3
        self._session = ort.InferenceSession(plan, options, providers=["CPUExecutionProvider"])
        self._inputs = {value.name: value for value in self._session.get_inputs()}
        self._outputs = {value.name: value for value in self._session.get_outputs()}
        self.num_io_tensors = len(self._inputs) + len(self._outputs)

    def get_tensor_name(self, index):
        return [*self._inputs, *self._outputs][index]

    def get_tensor_mode(self, name):
        return "INPUT" if name in self._inputs else "OUTPUT"

    def get_tensor_dtype(self, name):
        return {**self._inputs, **self._outputs}[name].type

    def create_execution_context(self):
        return IExecutionContext(self)


class IExecutionContext:
    def __init__(self, engine):
        self._engine = engine
        self._shapes, self._addresses = {}, {}

    def set_optimization_profile_async(self, profile_index, stream_handle):
        self._profile = self._engine._trt.profiles[profile_index]
        return True

    def set_input_shape(self, name, shape):
        least, _, most = self._profile[name]
        self._shapes[name] = shape
        return all(low <= size <= high for low, size, high in zip(least, shape, most, strict=True))

    def infer_shapes(self):
        zeros = {
            name: np.zeros(shape, self._engine._trt.nptype(self._engine.get_tensor_dtype(name)))
            for name, shape in self._shapes.items()
        }
        found = self._engine._session.run(None, zeros)
        self._shapes |= {name: array.shape for name, array in zip(self._engine._outputs, found, strict=True)}
        return []

    def get_tensor_shape(self, name):
        return self._shapes[name]

    def set_tensor_address(self, name, memory):
        self._addresses[name] = memory
        return True

    def execute_async_v3(self, stream_handle):
        memory = self._engine._trt.memory
        arrays = {name: memory[self._addresses[name]] for name in self._engine._inputs}
        outputs = self._engine._session.run(None, arrays)
        for name, array in zip(self._engine._outputs, outputs, strict=True):
            memory[self._addresses[name]] = self._engine._trt.spoil(array)
        return True


class FakeTensorrt:
    """The module `tensorrt`, and what a test may have it do wrong."""

    __version__ = "10.16.1.11"
    ILogger = ILogger
    BuilderFlag = SimpleNamespace(TF32="TF32")
    MemoryPoolType = SimpleNamespace(WORKSPACE="WORKSPACE")
    TensorIOMode = SimpleNamespace(INPUT="INPUT", OUTPUT="OUTPUT")
    NetworkDefinitionCreationFlag = SimpleNamespace(STRONGLY_TYPED=1)

    def __init__(self):
        self.calls, self.profiles, self.memory, self.builds = [], [], {}, 0
        self.parser_errors = []
        self.refuse_profiles = self.refuse_build = False
        self.spoil = lambda array: array
        trt = self

        class Builder:
            def __init__(self, logger):
                self._logger = logger

            def create_network(self, flags=0):
                trt.calls.append(("network", flags))
                return SimpleNamespace(graph=None)

            def create_builder_config(self):
                return IBuilderConfig(trt)

            def create_optimization_profile(self):
                return IOptimizationProfile()

            def build_serialized_network(self, network, config):
                trt.builds += 1
                trt.options = config
                if trt.refuse_build:
                    self._logger.log(ILogger.Severity.ERROR, "no kernel for this layer\n")
                    self._logger.log(ILogger.Severity.VERBOSE, "a detail")
                    return None
                return FakeMemory(network.graph)

        class OnnxParser:
            def __init__(self, network, logger):
                self._network = network
                self.num_errors = len(trt.parser_errors)

            def parse(self, model):
                onnx.checker.check_model(onnx.load_from_string(model))
                self._network.graph = model
                return not trt.parser_errors

            def get_error(self, index):
                return ParserError(*trt.parser_errors[index])

        class Runtime:
            def __init__(self, logger):
                pass

            def deserialize_cuda_engine(self, serialized_engine):
                return ICudaEngine(trt, serialized_engine)

        self.Builder, self.OnnxParser, self.Runtime = Builder, OnnxParser, Runtime

    @staticmethod
    def nptype(trt_type):
        return {"tensor(float)": np.float32, "tensor(int64)": np.int64}[trt_type]


class FakeCuda:
    """export.tensorrt.cuda.Cuda with the fake's memory."""

    stream = 7

    def __init__(self, trt):
        self._memory = trt.memory
        self._next = 1000

    def allocate(self, size):
        self._next += 1
        self._memory[self._next] = None
        return self._next

    def free(self, address):
        del self._memory[address]

    def upload(self, array, address):
        self._memory[address] = array.copy()

    def download(self, address, array):
        array[...] = self._memory[address]

    def synchronize(self):
        pass
