"""An engine is built again when, and only when, something that it depends on has changed."""

import dataclasses
import json

import pytest

from export.errors import InstallError
from export.recognition.engine import AcousticEngine
from export.tensorrt import graph_form, precision
from export.tensorrt.profiles import Profile, as_lists, shape_range
from export.tensorrt.record import BuildOptions, Device, EngineRecord
from export.tensorrt.spec import CACHED, INSTALLED, MISSING, EngineSpec
from export.tensorrt.store import KEPT, Store, install, installed, record_path, remove
from tests.unit.export.tensorrt.conftest import DEVICE
from tritone.repository.file_names import PLAN, PLAN_RECORD

MODEL = AcousticEngine("asr_quartznet")
OPTIONS = BuildOptions()


def profiles(most=8):
    return {"single": Profile({"x": shape_range((1, 1, 1), (1, 4, most))})}


def key(model=MODEL, graph="a" * 64, ranges=None, device=DEVICE, options=OPTIONS):
    return EngineSpec(model, None, graph, ranges or profiles()).key(device, options)


def record(plan=b"plan", model="asr_quartznet", name="k" * 64, graph="a" * 64):
    from hashlib import sha256

    return EngineRecord(
        model=model,
        key=name,
        plan_sha256=sha256(plan).hexdigest(),
        graph_sha256=graph,
        device=DEVICE,
        precision="FP32",
        profiles=as_lists(profiles()),
        options=OPTIONS,
    )


@pytest.mark.parametrize(
    "other",
    [
        {"model": AcousticEngine("asr_features")},
        {"model": AcousticEngine("asr_quartznet", half=False)},
        {"graph": "b" * 64},
        {"ranges": profiles(9)},
        {"ranges": profiles() | {"batch": profiles()["single"]}},
        {"device": dataclasses.replace(DEVICE, gpu="NVIDIA L40S")},
        {"device": dataclasses.replace(DEVICE, compute_capability="9.0")},
        {"device": dataclasses.replace(DEVICE, tensorrt="10.6.0")},
        {"options": BuildOptions(optimization_level=5)},
        {"options": BuildOptions(workspace_mib=1)},
    ],
)
def test_every_change_that_matters_is_another_key(other):
    assert key(**other) != key()


def test_changed_rules_are_another_key(monkeypatch):
    before = key()
    monkeypatch.setattr(precision, "VERSION", precision.VERSION + 1)
    between = key()
    monkeypatch.setattr(graph_form, "VERSION", graph_form.VERSION + 1)
    assert len({before, between, key()}) == 3


def test_another_driver_is_the_same_key():
    assert key(device=dataclasses.replace(DEVICE, driver="570.1")) == key()


def test_key_is_the_same_in_another_process():
    assert key() == key(device=Device(**dataclasses.asdict(DEVICE)), options=BuildOptions(4096, 3))


def test_record_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "r.json"
    record().write(path)
    read = EngineRecord.read(path)
    assert (read.key, read.device, read.options) == (record().key, DEVICE, OPTIONS)
    assert json.loads(path.read_text())["device"]["tensorrt"] == "10.16.1.11"


@pytest.mark.parametrize("content", ["", "{}", "[]", "not json", '{"device": {}, "options": {}}'])
def test_record_of_another_make_counts_as_none(tmp_path, content):
    path = tmp_path / "r.json"
    path.write_text(content)
    assert EngineRecord.read(path) is None


def test_cache_gives_back_what_was_kept_and_nothing_else(tmp_path):
    store = Store(tmp_path / "new" / "cache")
    store.keep(b"plan", record())
    found = store.find("asr_quartznet", "k" * 64)
    assert found.plan.read_bytes() == b"plan"
    assert store.find("asr_quartznet", "m" * 64) is None
    assert store.find("tts_waveglow", "k" * 64) is None


def test_damaged_plan_is_not_taken(tmp_path):
    store = Store(tmp_path)
    found = store.keep(b"plan", record())
    found.plan.write_bytes(b"pla")
    assert store.find("asr_quartznet", "k" * 64) is None


def test_cache_keeps_a_few_engines_of_each_model(tmp_path):
    store = Store(tmp_path)
    store.keep(b"plan", record(model="tts_waveglow"))
    for number in range(KEPT + 3):
        store.keep(b"plan", record(name=f"{number:064}"[::-1]))
    assert len(list(tmp_path.glob("asr_quartznet-*.plan"))) == KEPT
    assert len(list(tmp_path.glob("asr_quartznet-*.json"))) == KEPT
    assert store.find("tts_waveglow", "k" * 64)


def test_timing_cache_is_one_per_version_and_gpu(tmp_path):
    store = Store(tmp_path)
    others = [dataclasses.replace(DEVICE, tensorrt="10.6.0"), dataclasses.replace(DEVICE, gpu="NVIDIA L40S")]
    assert len({store.timing(device) for device in (DEVICE, *others)}) == 3


def test_installed_engine_does_not_write_into_files_that_are_linked_to_the_old_one(tmp_path):
    """A node's releases share unchanged files."""
    folder, release = tmp_path / "1", tmp_path / "before"
    folder.mkdir()
    (folder / PLAN).write_bytes(b"old")
    release.hardlink_to(folder / PLAN)
    install(Store(tmp_path / "cache").keep(b"plan", record()), folder)
    assert (release.read_bytes(), (folder / PLAN).read_bytes()) == (b"old", b"plan")
    assert installed(folder, "k" * 64)
    remove(folder)
    assert not installed(folder)


def test_engine_that_cannot_be_installed_leaves_the_one_before(tmp_path):
    folder = tmp_path / "1"
    folder.mkdir()
    store = Store(tmp_path / "cache")
    install(store.keep(b"plan", record()), folder)
    lost = store.keep(b"other", record(b"other", name="m" * 64))
    lost.plan.unlink()
    with pytest.raises(InstallError, match="could not be written"):
        install(lost, folder)
    assert installed(folder, "k" * 64)
    assert sorted(path.name for path in folder.iterdir()) == [PLAN, PLAN_RECORD]


def test_state_says_where_the_engine_is(repository, tmp_path):
    spec, store = EngineSpec.read(MODEL, repository), Store(tmp_path / "cache")
    name = spec.key(DEVICE, OPTIONS)
    states = [spec.state(store, name)]
    found = store.keep(b"plan", record(name=name))
    states.append(spec.state(store, name))
    install(found, spec.folder)
    states.append(spec.state(store, name))
    assert states == [MISSING, CACHED, INSTALLED]
    assert record_path(found.plan).is_file()
