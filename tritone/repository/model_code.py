"""What a model.py says of itself, read without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path


def calls_to(tree: ast.AST, function: str) -> Iterator[ast.Call]:
    """All calls to `function`, however it is qualified."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name == function:
                yield node


def first_arguments(tree: ast.AST, function: str) -> list[str]:
    """Literal first arguments of all calls to `function`."""
    return [
        str(call.args[0].value)
        for call in calls_to(tree, function)
        if call.args and isinstance(call.args[0], ast.Constant)
    ]


def called_models(path: Path) -> list[str]:
    """Names of the models that a model.py calls; none where there is no such file."""
    if not path.is_file():
        return []
    return first_arguments(ast.parse(path.read_text(encoding="utf-8")), "bind_model")
