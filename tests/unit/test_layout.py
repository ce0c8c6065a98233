import ast
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OUTER_PACKAGES = {"deploy", "export", "training", "perf", "demo", "tools", "tritone_client", "torch", "nemo"}


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.split(".")[0]


def test_library_imports_nothing_that_imports_it():
    for path in (ROOT / "tritone").rglob("*.py"):
        assert not OUTER_PACKAGES & set(imported(path)), path


def test_client_does_not_import_the_library():
    for path in (ROOT / "clients/src").rglob("*.py"):
        assert "tritone" not in set(imported(path)), path


@pytest.mark.parametrize(
    ("client", "library"),
    [
        ("questions.CANARY", "repository.versions.groups.CANARY"),
        ("calls.SAMPLE_RATE_HZ", "contract.SAMPLE_RATE_HZ"),
        ("synthesis.LARGEST_SEED", "synthesis.parameters.SEED.high"),
        ("synthesis.LARGEST_SPEAKER", "synthesis.parameters.SPEAKER.high"),
        ("recordings.FORMATS", "audio.containers.FORMATS"),
    ],
)
def test_client_and_library_agree_on_what_both_state(client, library):
    """Neither may import the other."""
    stated = [pkgutil.resolve_name(name) for name in (f"tritone_client.{client}", f"tritone.{library}")]
    assert stated[0] == stated[1]


@pytest.mark.parametrize(
    ("client", "library"),
    [("SPEEDS", "SPEED"), ("SIGMAS", "SIGMA"), ("DENOISING", "DENOISE"), ("PITCHES", "PITCH")],
)
def test_client_and_library_agree_on_the_ranges_of_parameters(client, library):
    parameter = pkgutil.resolve_name(f"tritone.synthesis.parameters.{library}")
    limits = pkgutil.resolve_name(f"tritone_client.synthesis.{client}")
    assert limits == (parameter.low, parameter.high)


def test_model_files_stay_short():
    for path in [*ROOT.glob("model_repository/*/*/model.py"), *ROOT.glob("backends/*/model.py")]:
        assert len(path.read_text().splitlines()) <= 65, path


def test_modules_stay_readable():
    for package in ("tritone", "export", "training", "clients/src", "perf", "tools", "demo", "deploy"):
        for path in (ROOT / package).rglob("*.py"):
            assert len(path.read_text().splitlines()) <= 320, path


def test_a_family_is_named_in_its_own_package_only():
    """Exceptions: the registry, configs, and tools that run NeMo's own models of it."""
    from export.families import families

    outside = [
        path
        for folder in (
            "tritone",
            "export",
            "perf",
            "demo",
            "deploy",
            "tools",
            "model_repository",
            "clients/src",
        )
        for path in (ROOT / folder).rglob("*.py")
    ]
    for family in families():
        model = importlib.import_module(family.__module__.rpartition(".")[0]).MODEL
        package = ROOT / Path(*family.__module__.split(".")[:-1])
        for path in outside:
            if not path.is_relative_to(package):
                assert model not in string_constants(path), path


def string_constants(path):
    nodes = ast.walk(ast.parse(path.read_text()))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_families_are_looked_up_without_what_some_environment_lacks():
    """Torch, NeMo and PyYAML are missing where engines are made, Triton's client in NeMo's environment."""
    missing = "{'torch', 'nemo', 'tritonclient', 'yaml'}"
    code = f"import sys, export.families; print({missing} & sys.modules.keys())"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "set()"
