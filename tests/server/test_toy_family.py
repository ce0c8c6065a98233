"""A family from outside is exported, checked, profiled, served and load-tested, with no other edit.

What whoever adds it writes is the family's own code and the configs: those of the bundled recogniser, with
other names.
"""

from __future__ import annotations

import re
import shutil

import pytest

from export import families
from export.checkpoint import Checkpoint
from export.errors import UnsupportedCheckpointError
from export.family import Options
from export.tensorrt.repository_version import RepositoryVersion
from export.tensorrt.simulation import simulate_engine
from export.tensorrt.spec import EngineSpec
from perf.instruments.layout import Layout
from tests.server.toy_family import Toy
from tritone.repository.checks import check_repositories
from tritone.repository.versions.groups import read_inventory
from tritone.server.options import REPOSITORIES

NAMES = {
    "asr_quartznet": "asr_toy",
    "asr_windows": "asr_toy_windows",
    "asr_ctc_decoder": "asr_toy_decoder",
    "speech_to_text": "speech_to_text_toy",
}


@pytest.fixture(scope="module")
def registered():
    """The toy takes part while these tests run."""
    families.register(Toy)
    yield
    families._registered.remove(Toy)


@pytest.fixture(scope="module")
def repository(registered, tmp_path_factory):
    """The bundled models, and beside them the toy's: its configs written, its checkpoint exported."""
    folder = tmp_path_factory.mktemp("toy")
    repository = folder / "model_repository"
    shutil.copytree(REPOSITORIES[0], repository, ignore=shutil.ignore_patterns("*int8*", "__pycache__"))
    for name, other in NAMES.items():
        source = next(path / name for path in REPOSITORIES if (path / name).is_dir())
        kept = ["config.pbtxt", "configs/tensorrt.pbtxt", "configs/cuda.pbtxt", "1/model.py", "1/.gitkeep"]
        for file in (source / path for path in kept if (source / path).is_file()):
            target = repository / other / file.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            text = re.sub(r'"(\w+)"', lambda found: f'"{NAMES.get(found[1], found[1])}"', file.read_text())
            target.write_text(text)
    checkpoint = folder / "toy.nemo"
    Toy.write_random(checkpoint)
    families.family_of(Checkpoint.open(checkpoint), Options(repository)).run(report=lambda line: None)
    return repository


def test_it_is_found_by_its_class_and_by_its_model(repository):
    assert families.family_named("toy") is Toy
    assert families.engine_named("asr_toy") == Toy.engines()[0]
    assert "dims: [ -1, 7 ]" in (repository / "asr_toy/config.pbtxt").read_text()


def test_a_name_is_taken_once(registered):
    with pytest.raises(ValueError, match="expected a unique name, got 'toy'"):
        families.register(Toy)


def test_of_two_families_for_one_class_the_configuration_decides(repository, monkeypatch):
    class Other(Toy):
        name = "other"

        @classmethod
        def accepts(cls, config):
            return config["labels"] == ["x"]

    monkeypatch.setattr(families, "_registered", [*families._registered, Other])
    checkpoint = Checkpoint.open(repository.parent / "toy.nemo")
    assert type(families.family_of(checkpoint, Options(repository))) is Toy
    monkeypatch.setattr(families, "_registered", [Other])
    with pytest.raises(UnsupportedCheckpointError, match=r"Supported: ToyModel \(one linear layer\)"):
        families.family_of(checkpoint, Options(repository))


def test_the_repository_with_it_is_in_order(repository):
    assert check_repositories([repository, *REPOSITORIES[1:]]) == []
    found = read_inventory([repository, *REPOSITORIES[1:]]).groups
    # It shares the bundled front end, so their versions go together.
    assert {*Toy.models, "asr_features", "asr_windows"} <= set(found["asr"].models)


def test_a_second_set_of_its_models_is_exported_under_other_names(repository):
    source = repository / "asr_toy/config.pbtxt"
    (repository / "asr_toy_two").mkdir()
    text = source.read_text().replace('"asr_toy"', '"asr_toy_two"').replace("[ -1, 7 ]", "[ -1, 2 ]")
    (repository / "asr_toy_two/config.pbtxt").write_text(text)
    before = (repository / "asr_toy/1/model.onnx").stat().st_mtime_ns
    options = Options(repository, names=["asr_toy"], suffix="_two")
    family = families.family_of(Checkpoint.open(repository.parent / "toy.nemo"), options)
    family.run(report=lambda line: None)
    assert (repository / "asr_toy_two/1/model.onnx").is_file()
    assert not (repository / "asr_toy_decoder_two").exists()
    assert "[ -1, 7 ]" in (repository / "asr_toy_two/config.pbtxt").read_text()
    assert (repository / "asr_toy/1/model.onnx").stat().st_mtime_ns == before
    assert families.engine_named("asr_toy_two").name == "asr_toy_two"
    shutil.rmtree(repository / "asr_toy_two")


def test_its_engine_has_profiles_and_passes_its_verification(repository):
    spec = EngineSpec.read(families.engine_named("asr_toy"), RepositoryVersion(repository))
    assert spec.profiles["single"]["features"].max == (1, 64, 3008)
    assert spec.profiles["batch"]["features"].max[0] == 16
    checks = simulate_engine(spec).checks
    assert checks
    assert all(check.passed for check in checks)


def test_load_tests_know_its_models(repository):
    known = Layout.read(repository).known
    assert {"speech_to_text_toy", "asr_toy_windows", "asr_toy", "asr_toy_decoder"} <= set(known)


def test_it_is_served_and_load_tested_beside_the_bundled_recogniser(repository, tmp_path):
    for package in ("matplotlib", "jinja2", "markdown_it"):
        pytest.importorskip(package, reason="load tests need `make perf-setup`")
    from perf.instruments.errors import AnalyzerError
    from perf.instruments.load_test_results import LoadTestRun
    from perf.instruments.perf_analyzer import find_analyzer
    from perf.load.__main__ import main

    try:
        find_analyzer()
    except AnalyzerError as error:
        pytest.skip(str(error))
    models = ["speech_to_text", "speech_to_text_toy", "asr_toy_windows", "asr_toy", "asr_toy_decoder"]
    loads = ["--concurrency", "1", "--rates", "", "--part-concurrency", "1", "--part-rates", ""]
    short = ["--quick", "--window", "0.3", "--stability", "1000", "--inputs", "3", "--protocols", "grpc"]
    words = ["--repository", str(repository), "--models", ",".join(models), "--output", str(tmp_path / "run")]
    assert main([*words, *loads, *short, "--no-alternative"]) == 0
    run = LoadTestRun.read(tmp_path / "run")
    assert {point.model for point in run.points} == set(models)
    assert all(point.throughput > 0 and not point.failures for point in run.points)
    (toy,) = (point for point in run.points if point.model == "speech_to_text_toy")
    assert "asr_toy" in {work.model for work in toy.models if work.requests}
