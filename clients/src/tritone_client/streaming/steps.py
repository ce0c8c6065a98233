"""The steps of a streaming flow, which the clients execute over a connection.

A streaming flow is a generator without I/O, like those in `tritone_client.flows`. It may also yield the steps
of those. It takes one item of the caller's input at a time and waits for the server's responses to it before
it takes the next, so that neither the caller, the server nor the network can be overrun, and no buffer can
grow.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from tritone_client.calls import Outputs, Tensor
from tritone_client.flows import Ask, Pause


@dataclass(frozen=True)
class Place:
    """The place of a request in a sequence of requests, whose state the server keeps."""

    sequence: str  #: identifies the sequence
    start: bool  #: the first request
    end: bool  #: the last request


@dataclass(frozen=True)
class StreamRequest:
    """One request of a stream."""

    model: str
    inputs: tuple[Tensor, ...]
    parameters: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()  #: requested outputs; empty: all
    place: Place | None = None  #: None: the request stands alone
    several_responses: bool = False  #: whether the model may have any number of responses to it


@dataclass(frozen=True)
class StreamResponse:
    """One response of a stream."""

    model: str
    tensor: Callable[[str], NDArray[Any] | None]  #: output by name, batch dimension first; None: not there
    last: bool  #: whether no further response to the request follows

    @property
    def outputs(self) -> Outputs:
        """The output tensors, with checks."""
        return Outputs(self.model, self.tensor)


@dataclass(frozen=True)
class Connect:
    """Open a stream; an earlier one is cancelled."""


@dataclass(frozen=True)
class Send:
    """Send a request on the stream. There is no answer; `Receive` waits for one."""

    request: StreamRequest


@dataclass(frozen=True)
class Receive:
    """Wait for the next response on the stream: a StreamResponse."""

    timeout_s: float


@dataclass(frozen=True)
class TakeInput:
    """Wait for the caller's next item. The answer is ENDED after the last one."""


@dataclass(frozen=True)
class Emit:
    """Hand an item to the caller, who asks for the next one when ready."""

    item: Any


class _Ended:
    """The end of the caller's input."""


ENDED = _Ended()

Step = Ask | Pause | Connect | Send | Receive | TakeInput | Emit
StreamFlow = Generator[Any, Any, Any]  # of steps; the answers depend on the step
