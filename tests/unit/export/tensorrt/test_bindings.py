"""What the code may use of TensorRT: the names in the wheel tensorrt_cu13_bindings 10.16.1.11."""

import inspect
import json
from pathlib import Path

import pytest

from tests.unit.export.tensorrt import fakes

NAMES = json.loads(Path(__file__).with_name("bindings_10_16_1.json").read_text())["names"]


def public(thing):
    return {name for name in dir(thing) if not name.startswith("_")}


@pytest.mark.parametrize(
    "fake",
    [
        fakes.ITimingCache,
        fakes.ILogger,
        fakes.IOptimizationProfile,
        fakes.IBuilderConfig,
        fakes.ParserError,
        fakes.ICudaEngine,
        fakes.IExecutionContext,
    ],
)
def test_fake_classes_have_nothing_that_the_real_ones_lack(fake):
    assert public(fake) <= set(NAMES[fake.__name__])


@pytest.mark.parametrize("name", ["Builder", "OnnxParser", "Runtime"])
def test_fake_factories_have_nothing_that_the_real_ones_lack(name):
    assert public(getattr(fakes.FakeTensorrt(), name)) <= set(NAMES[name])


@pytest.mark.parametrize(
    "name", ["BuilderFlag", "MemoryPoolType", "TensorIOMode", "NetworkDefinitionCreationFlag"]
)
def test_fake_enumerations_have_nothing_that_the_real_ones_lack(name):
    assert set(vars(getattr(fakes.FakeTensorrt, name))) <= set(NAMES[name])


def test_fake_methods_take_arguments_by_position_only_where_the_code_gives_them_so():
    assert list(inspect.signature(fakes.IBuilderConfig.set_timing_cache).parameters)[2] == "ignore_mismatch"
