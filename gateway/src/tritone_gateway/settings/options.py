"""Every setting as an option of the command line, besides its environment variable."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from types import NoneType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import click
from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import NoDecode

from tritone_gateway.errors import StartupError
from tritone_gateway.settings import Settings

_Command = TypeVar("_Command", bound=Callable[..., Any])
_LONGEST_DEFAULT = 40  # characters that help shows
_NEAR = 0.9  # similarity of a misspelt variable
_FILE = "_file"  # ends the names that say where a secret is read from


def variable(field: str) -> str:
    """Return the environment variable of a setting."""
    return f"{Settings.model_config['env_prefix']}{field}".upper()


def option(field: str) -> str:
    """Return the option of a setting."""
    return "--" + field.replace("_", "-")


def fields() -> dict[str, FieldInfo]:
    """Return the settings by name, area after area."""
    own = Settings.model_fields
    by_area = [name for area in Settings.__bases__ for name in getattr(area, "model_fields", ())]
    return {name: own[name] for name in dict.fromkeys([*by_area, *own])}


def settings_options(command: _Command) -> _Command:
    """Give a command an option for every setting.

    A secret is never an option itself, since everybody on the machine can read the arguments of a process:
    the option and a second environment variable name a file that holds it.
    """
    for name, field in reversed(fields().items()):
        secret = is_secret(field)
        named = name + _FILE if secret else name
        flags = f"{option(name)}/--no-{option(name)[2:]}" if _plain(field) is bool else option(named)
        command = click.option(
            flags,
            named,
            default=None,
            metavar=None if _plain(field) is bool else _metavar(field),
            help=_help(name, field),
        )(command)
    return command


def load(given: Mapping[str, Any]) -> Settings:
    """Return the settings of the command line, files with secrets and the environment, in this order.

    Raises:
        StartupError: a value breaks a rule, or a secret's file cannot be read; names all such settings.
    """
    values = {name: value for name, value in given.items() if value is not None}
    for name, field in Settings.model_fields.items():
        if is_secret(field):
            path = values.pop(name + _FILE, None) or os.environ.get(variable(name + _FILE))
            if path:
                values[name] = _secret(name, Path(path))
        elif _metavar(field) == "JSON" and name in values:
            values[name] = _json(name, values[name])
    try:
        return Settings(**values)
    except ValidationError as error:
        raise StartupError("\n".join(_explained(given, fault) for fault in error.errors())) from None


def misspelt(environment: Mapping[str, str]) -> dict[str, str]:
    """Return variables that name no setting but nearly do, each with the one that was probably meant."""
    prefix = variable("")
    known = [variable(name + ending) for name in fields() for ending in ("", _FILE)]
    unknown = [name for name in environment if name.startswith(prefix) and name not in known]
    near = {name: get_close_matches(name, known, n=1, cutoff=_NEAR) for name in unknown}
    return {name: found[0] for name, found in near.items() if found}


def is_secret(field: FieldInfo) -> bool:
    """Return whether a setting's value must not be shown: `SecretStr`, or a text with `repr=False`."""
    return _plain(field) is SecretStr or not field.repr


def default_shown(field: FieldInfo) -> str:
    """Return a setting's default as help shows it; empty if there is none, or it depends on the machine."""
    default = None if field.is_required() or field.default_factory else field.default
    shown = "" if default in (None, "", (), [], {}) else _written(default)
    return shown if len(shown) <= _LONGEST_DEFAULT else ""


def _plain(field: FieldInfo) -> Any:
    """The type of a setting, without None."""
    if get_origin(field.annotation) not in (Union, type(int | None)):
        return field.annotation
    (plain, *_) = [part for part in get_args(field.annotation) if part is not NoneType]
    return plain


def _metavar(field: FieldInfo) -> str:
    plain = _plain(field)
    if get_origin(plain) is Literal:
        return "|".join(map(str, get_args(plain)))
    if is_secret(field):
        return "FILE"
    if any(part is NoDecode or isinstance(part, NoDecode) for part in field.metadata):
        return "A,B"
    names = {int: "INTEGER", float: "NUMBER", Path: "PATH"}
    return names.get(plain, "TEXT") if isinstance(plain, type) else "JSON"


def _help(name: str, field: FieldInfo) -> str:
    meaning = " ".join((field.description or "").split())
    if is_secret(field):
        return f"File that holds it: {meaning}  [{variable(name)}, {variable(name + _FILE)}]"
    default = default_shown(field)
    return f"{meaning}  [{variable(name)}{f'; default: {default}' if default else ''}]"


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _secret(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise StartupError(
            f"{option(name + _FILE)}: expected a readable file, got {path} ({reason}); correct the path "
            "or its permissions."
        ) from error


def _json(name: str, value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError as error:
        raise StartupError(
            f'{option(name)}: expected JSON, got {value!r}; for example \'["a", "b"]\'.'
        ) from error


def _explained(given: Mapping[str, Any], fault: Any) -> str:
    """A fault in the words of the place that the value came from; a secret's value is left out."""
    name = str(fault["loc"][0]) if fault["loc"] else ""
    field = Settings.model_fields.get(name)
    if field is None:  # a rule about several settings: its text names them
        return str(fault["msg"]).removeprefix("Value error, ")
    place = option(name) if given.get(name) is not None else variable(name)
    got = "" if is_secret(field) else f", got {fault['input']!r}"
    rule = str(fault["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
    return f"{place}: expected {rule}{got}; `tritone-gateway serve --help` describes it."
