"""What tests may use of TensorRT: the names in the wheel tensorrt_cu13_bindings 10.16.1.11."""

import json
from pathlib import Path

import pytest

from tests.unit.export.tensorrt import fake_tensorrt as fake

NAMES = json.loads(Path(__file__).with_name("bindings_10_16_1.json").read_text())["names"]
ENUMERATIONS = (fake.BuilderFlag, fake.MemoryPoolType, fake.NetworkDefinitionCreationFlag)
CLASSES = (fake.Builder, fake.OnnxParser, fake.IBuilderConfig, fake.IOptimizationProfile, fake.ITimingCache)


@pytest.mark.parametrize("enumeration", ENUMERATIONS)
def test_fake_enumerations_have_only_real_members(enumeration):
    assert {member.name for member in enumeration} <= set(NAMES[enumeration.__name__])


@pytest.mark.parametrize("fake_class", CLASSES)
def test_fake_classes_have_only_real_methods(fake_class):
    methods = {name for name in dir(fake_class) if not name.startswith("_")}
    assert methods <= set(NAMES[fake_class.__name__])
