"""Typed request parameters.

A model declares its parameters once, as constants of the classes below, and gets their values with each
request. Parameters of other names are ignored: an ensemble passes all parameters of a request to each of its
steps. Values may be strings, since not every client can send decimal numbers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from .errors import ParameterError

LARGEST_INTEGER = 2**63 - 1  # that a request parameter can hold

_INTEGER = re.compile(r"[+-]?\d{1,20}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)


class RequestParameter(Protocol):
    """A parameter that a model declares; other modules may add kinds of their own."""

    @property
    def name(self) -> str:
        """The name that requests send."""

    @property
    def default(self) -> Any:
        """The value of requests that omit it."""

    def read(self, value: Any) -> Any:
        """Return what was sent as the model takes it; raise ParameterError if it breaks a rule."""


@dataclass(frozen=True)
class Decimal:
    """A finite number within a range, both ends included."""

    name: str
    low: float
    high: float
    default: float

    def read(self, value: Any) -> float:
        """Return the value; raise ParameterError if it is not a number in range."""
        number = float(value) if isinstance(value, str) and _DECIMAL.fullmatch(value) else value
        is_number = isinstance(number, int | float) and not isinstance(number, bool) and math.isfinite(number)
        if not is_number or not self.low <= number <= self.high:
            raise _refusal(self, f"a number from {self.low:g} to {self.high:g}", value)
        return float(number)


@dataclass(frozen=True)
class Integer:
    """A whole number within a range, both ends included."""

    name: str
    low: int
    high: int
    default: int | None

    def read(self, value: Any) -> int:
        """Return the value; raise ParameterError if it is not a whole number in range."""
        number = int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else value
        if not isinstance(number, int) or isinstance(number, bool) or not self.low <= number <= self.high:
            raise _refusal(self, f"a whole number from {self.low} to {self.high}", value)
        return number


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    name: str
    choices: tuple[str, ...]
    default: str | None

    def read(self, value: Any) -> str:
        """Return the value; raise ParameterError if it is not one of the choices."""
        if not isinstance(value, str) or value not in self.choices:
            raise _refusal(self, f"one of {', '.join(self.choices)}", value)
        return value


@dataclass(frozen=True)
class Meaningless:
    """A parameter of other models of the same kind, which has no effect in this one: refused if sent."""

    name: str
    reason: str
    default: None = None

    def read(self, value: Any) -> None:
        """Raise ParameterError with the reason."""
        raise ParameterError(f"parameter {self.name}: expected none, {self.reason}; omit it.")


def read_parameters(declared: Iterable[RequestParameter], sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of every declared parameter by name: as sent, or its default.

    Raises:
        ParameterError: a value has the wrong type or is out of range.
    """
    return {
        parameter.name: parameter.read(sent[parameter.name]) if parameter.name in sent else parameter.default
        for parameter in declared
    }


def _refusal(parameter: RequestParameter, rule: str, value: Any) -> ParameterError:
    text = repr(value)
    shown = text if len(text) <= 40 else f"{text[:37]}..."
    default = "the default" if parameter.default is None else f"the default, {parameter.default}"
    return ParameterError(
        f"parameter {parameter.name}: expected {rule}, got {shown}; send such a value, or omit it for "
        f"{default}."
    )
