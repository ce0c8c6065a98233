"""What a model.py says of itself, read without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator


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
