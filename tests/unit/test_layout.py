import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUTER_ROOMS = {"deploy", "export", "training", "perf", "demo", "tools", "tritone_client", "torch", "nemo"}


def imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.split(".")[0]


def test_library_imports_nothing_that_imports_it():
    for path in (ROOT / "tritone").rglob("*.py"):
        assert not OUTER_ROOMS & set(imported(path)), path


def test_client_does_not_import_the_library():
    for path in (ROOT / "clients/src").rglob("*.py"):
        assert "tritone" not in set(imported(path)), path


def test_model_files_stay_short():
    for path in [*ROOT.glob("model_repository/*/*/model.py"), *ROOT.glob("backends/*/model.py")]:
        assert len(path.read_text().splitlines()) <= 65, path


def test_modules_stay_readable():
    for room in ("tritone", "export", "training", "clients/src", "perf", "tools", "demo", "deploy"):
        for path in (ROOT / room).rglob("*.py"):
            assert len(path.read_text().splitlines()) <= 320, path
