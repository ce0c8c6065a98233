"""The `tritone` distribution declares what it imports, and its wheel is complete."""

import ast
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from zipfile import ZipFile

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = pytest.importorskip("tomli")

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
DATA = {"wetext"}  # only its files are read, by tritone/text/english/written/grammar.py
BY_TRITON = "triton_python_backend_utils"  # the server provides it to model code


def names(requirements):
    return {re.match(r"[\w-]+", requirement)[0] for requirement in requirements}


BASE = names(PROJECT["dependencies"])
EXTRAS = {extra: names(found) for extra, found in PROJECT["optional-dependencies"].items()}


def imported(paths):
    """Return the distributions that files import, apart from the standard library and tritone itself."""
    modules = set()
    for node in (node for path in paths for node in ast.walk(ast.parse(path.read_text()))):
        if isinstance(node, ast.Import):
            modules |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            modules.add(node.module.partition(".")[0])
    modules -= {*sys.stdlib_module_names, "tritone", BY_TRITON}
    known = packages_distributions()
    return {module: set(known[module]) for module in modules}


CHECKS = list((ROOT / "tritone/repository").rglob("*.py"))
SERVING = [path for path in (ROOT / "tritone").rglob("*.py") if path not in CHECKS]
MODELS = [*ROOT.glob("model_repository/*/1/model.py"), *ROOT.glob("backends/*/model.py")]


@pytest.mark.parametrize(
    ("paths", "declared"),
    [(SERVING + MODELS, BASE | EXTRAS["media"]), (CHECKS, BASE | EXTRAS["checks"])],
    ids=["serving", "checks"],
)
def test_every_import_is_declared_and_every_dependency_is_imported(paths, declared):
    found = imported(paths)
    assert {module for module, owners in found.items() if not owners & declared} == set()
    used = set().union(*imported(SERVING + MODELS + CHECKS).values())
    assert declared - used == DATA


def test_serving_does_not_import_the_checks():
    for path in SERVING:
        assert not re.search(r"^\s*(from|import) .*\brepository\b", path.read_text(), re.MULTILINE), path


def test_the_wheel_is_complete_outside_of_the_checkout(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    unpacked = tmp_path / "unpacked"
    with ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    code = (
        f"import sys; sys.path.insert(0, {str(unpacked)!r})\n"
        "import importlib, pkgutil, tritone\n"
        "for found in pkgutil.walk_packages(tritone.__path__, 'tritone.'):\n"
        "    if not found.name.startswith('tritone.python_backend.') and '__main__' not in found.name:\n"
        "        importlib.import_module(found.name)\n"
        "from tritone.server.installation import OWN_BACKENDS\n"
        "from tritone.server.options import REPOSITORIES\n"
        "print(OWN_BACKENDS, OWN_BACKENDS.joinpath('onnxruntime/model.py').is_file(), REPOSITORIES[0])"
    )
    command = [sys.executable, "-I", "-c", code]
    result = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert result.stdout.split() == [
        str(unpacked / "tritone/backends"),
        "True",
        str(tmp_path / "model_repository"),
    ]
