"""Imports point downwards only, as docs/architecture.md draws the layers."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {"tritone_client": "clients/src/tritone_client", "tritone_gateway": "gateway/src/tritone_gateway"}
MAY_IMPORT = {
    "tritone": set(),
    "tritone_client": set(),
    "tritone_gateway": {"tritone_client"},
    "model_repository": {"tritone"},
    "backends": {"tritone"},
    "tools": set(),
    "export": {"tritone"},
    "training": {"tritone", "export"},
    "demo": {"tritone", "tritone_client"},
    "deploy": {"tritone", "tritone_client"},
    "perf": {"tritone", "tritone_client", "export"},
}
# Of the library: what a package may import of its siblings. All may import the modules at its root.
LIBRARY = {
    "audio": set(),
    "recognition": set(),
    "punctuation": set(),
    "speaking": {"synthesis", "text"},
    "synthesis": set(),
    "text": set(),
    "onnx_backend": set(),
    "python_backend": set(),
    "server": set(),
    "repository": {"onnx_backend", "punctuation", "recognition", "synthesis", "server"},
}


def imported(path):
    """Dotted names that a module imports, relative ones made absolute."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = list(package[: len(package) - node.level + 1]) if node.level else []
            module = start + (node.module.split(".") if node.module else [])
            yield from ([*module, alias.name] for alias in node.names)


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_package_imports_only_what_is_below_it(package):
    for path in (ROOT / FOLDERS.get(package, package)).rglob("*.py"):
        found = {name[0] for name in imported(path)} & MAY_IMPORT.keys() - {package}
        assert found <= MAY_IMPORT[package], path


@pytest.mark.parametrize("package", LIBRARY)
def test_package_of_the_library_imports_only_what_is_below_it(package):
    for path in (ROOT / "tritone" / package).rglob("*.py"):
        found = {name[1] for name in imported(path) if name[0] == "tritone" and len(name) > 1}
        assert found & LIBRARY.keys() - {package} <= LIBRARY[package], path


def test_every_package_of_the_library_has_its_layer():
    assert {path.parent.name for path in (ROOT / "tritone").glob("*/__init__.py")} == LIBRARY.keys()


def test_families_do_not_import_each_other():
    for path in (ROOT / "export/families").glob("*/*.py"):
        others = {
            name[2]
            for name in imported(path)
            if name[:2] == ["export", "families"] and len(name) > 3 and name[2] != path.parent.name
        }
        assert not others, path


def test_kinds_of_measurement_share_only_the_instruments():
    """No kind imports another one, and the instruments import none: each can be changed alone."""
    kinds = {path.name for path in (ROOT / "perf").iterdir() if (path / "__init__.py").is_file()}
    assert "instruments" in kinds
    for kind in kinds:
        for path in (ROOT / "perf" / kind).rglob("*.py"):
            found = {name[1] for name in imported(path) if name[0] == "perf" and len(name) > 1}
            assert found & kinds <= {kind, "instruments"}, path
