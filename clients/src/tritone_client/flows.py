"""Request flows with retries, as generators without I/O, shared by the blocking and the asyncio client.

A flow yields `Ask` and `Pause` steps and receives the server's answers, or has the error thrown into it. The
clients only execute the steps, over gRPC or HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tritone_client.attempts import Deadline, RetryPolicy
from tritone_client.calls import NAMED, PUBLIC_MODELS, Call, Outputs
from tritone_client.errors import (
    ModelNotFoundError,
    OverloadedError,
    ProcessDiedError,
    RequestTimeoutError,
    ServerNotReadyError,
    ServerUnavailableError,
    TritoneError,
)
from tritone_client.questions import (
    CANARY,
    Infer,
    ModelMetadata,
    ModelNames,
    ModelReady,
    Question,
    ServerLive,
    ServerMetadata,
    ServerReady,
    pipeline_of,
)
from tritone_client.results import Health, ModelHealth

Result = TypeVar("Result")

PROBE_S = 5.0  # timeout of health and metadata requests, which need no computation
POLL_S = 0.25  # between two readiness checks while waiting


@dataclass(frozen=True)
class Ask:
    """A step: send a question and wait for the answer."""

    question: Question
    timeout_s: float


@dataclass(frozen=True)
class Pause:
    """A step: sleep."""

    seconds: float


Flow = Generator[Ask | Pause, Any, Result]


class FlowRun(Generic[Result]):
    """A running flow: `step` is the next step, None once `result` is set."""

    step: Ask | Pause | None
    result: Result

    def __init__(self, flow: Flow[Result]) -> None:
        self._flow = flow
        self._advance(flow.send, None)

    def answer(self, answer: Any) -> None:
        """Resume with the answer to a step."""
        self._advance(self._flow.send, answer)

    def fail(self, error: TritoneError) -> None:
        """Resume with the error of a step."""
        self._advance(self._flow.throw, error)

    def _advance(self, resume: Callable[[Any], Ask | Pause], value: Any) -> None:
        try:
            self.step = resume(value)
        except StopIteration as end:
            self.step, self.result = None, end.value


def complete(call: Call[Result], policy: RetryPolicy) -> Flow[Result]:
    """Run a call until it has a result, retrying while the server is temporarily unable to take it.

    Retrying is safe: an answer depends on its request alone, and changes nothing on the server.
    """

    def attempt(remaining_s: float) -> Flow[Outputs]:
        return Outputs(call.model, (yield Ask(Infer(call), remaining_s)))

    return call.decode((yield from retried(attempt, call.model, policy)))


def retried(
    attempt: Callable[[float], Generator[Any, Any, Result]], model: str, policy: RetryPolicy
) -> Generator[Any, Any, Result]:
    """Repeat an attempt until it succeeds, while the server is temporarily unable to take it.

    Args:
        attempt: a flow that is given the seconds that are left.
        model: the model that is asked.
        policy: how often and how long.
    """
    deadline = Deadline(policy.timeout_s)
    pauses_s = {
        OverloadedError: policy.overload_pauses_s(),
        ProcessDiedError: policy.recovery_pauses_s(),
    }
    other_pauses_s = policy.pauses_s()
    while True:
        try:
            return (yield from attempt(deadline.remaining_s()))
        except (ServerUnavailableError, ModelNotFoundError) as error:
            problem = yield from why_refused(model, error)
        except ProcessDiedError as error:
            problem = error
        if isinstance(problem, ModelNotFoundError):
            raise problem
        pause_s = next(pauses_s.get(type(problem), other_pauses_s), None)
        if pause_s is None or not deadline.leaves_room(pause_s):
            raise problem
        yield Pause(pause_s)
        if not deadline.leaves_room():  # sleep may overrun on a busy machine
            raise problem


def why_refused(model: str, error: ServerUnavailableError | ModelNotFoundError) -> Flow[TritoneError]:
    """Find out why a server refuses a model.

    One status covers an address that does not answer, a server that is stopping and a full queue; another
    one covers a model that is still loading and one that does not exist.
    """
    try:
        ready = yield Ask(ServerReady(), PROBE_S)
    except TritoneError:
        return error
    if not ready:
        return _not_ready([model])
    if isinstance(error, ModelNotFoundError):
        return error
    return OverloadedError(f"{model}: the server is overloaded, {error.reason}")


def health(policy: RetryPolicy, name: str = "") -> Flow[Health]:
    """Ask for the state of the server and of every public model, or of those under a set's name."""
    deadline, pauses_s = Deadline(policy.timeout_s), policy.pauses_s()
    live = yield from _ask(ServerLive(), deadline, pauses_s)
    ready = yield from _ask(ServerReady(), deadline, pauses_s)
    server = yield from _ask(ServerMetadata(), deadline, pauses_s)
    models = {}
    for model in (yield from pipelines_of(name)):
        versions: tuple[str, ...] = ()
        model_ready = yield from _ask(ModelReady(model), deadline, pauses_s)
        if model_ready:
            metadata = yield from _ask(ModelMetadata(model), deadline, pauses_s)
            versions = tuple(metadata["versions"])
        models[model] = ModelHealth(model_ready, versions)
    return Health(live, ready, server["name"], server["version"], models)


def pipelines_of(name: str) -> Flow[tuple[str, ...]]:
    """Return the public models that a client asks for under a set's name; all of them without one.

    Raises:
        ModelNotFoundError: the server has none of that name.
    """
    if not name:
        return PUBLIC_MODELS
    served = yield Ask(ModelNames(), PROBE_S)
    found = tuple(model for model in PUBLIC_MODELS if model in NAMED and pipeline_of(model, name) in served)
    if not found:
        raise ModelNotFoundError(
            f"model: expected the name of a recogniser or voice that the server serves, got {name!r}; "
            "`tritone models` lists them."
        )
    return found


def wait_until_ready(
    models: Iterable[str] | None, wait_s: float, policy: RetryPolicy, name: str = "", canary: bool = False
) -> Flow[None]:
    """Wait until the models can be used, for at most `wait_s` seconds.

    Args:
        models: None for those that the server has under the name, see `pipelines_of`; none to wait for
            the server alone.
        wait_s: 0 asks once.
        policy: for an address that does not answer.
        name: of a set.
        canary: whether the pipelines' canaries are asked, for messages.

    Raises:
        ServerUnavailableError: the address does not answer, after all retries.
        ServerNotReadyError: the server is still loading the models.
        ModelNotFoundError: the server has loaded its models, but not these.
    """
    given = None if models is None else tuple(models)
    deadline, pauses_s = Deadline(wait_s), policy.pauses_s()
    while True:
        try:
            missing = yield from _missing(given, name)
            if not missing:
                return
            problem = yield from _why_missing([model + CANARY * canary for model in missing])
        except (ServerUnavailableError, RequestTimeoutError) as error:
            problem = error
        if deadline.remaining_s() > 0:
            yield Pause(min(POLL_S, deadline.remaining_s()))
        elif isinstance(problem, ServerUnavailableError) and (pause_s := next(pauses_s, None)) is not None:
            yield Pause(pause_s)
        else:
            raise problem


def _ask(question: Question, deadline: Deadline, pauses_s: Iterator[float]) -> Flow[Any]:
    """Ask a question; retry only while the server is unavailable."""
    while True:
        try:
            return (yield Ask(question, deadline.remaining_s()))
        except ServerUnavailableError as error:
            problem, pause_s = error, next(pauses_s, None)
            if pause_s is None or not deadline.leaves_room(pause_s):
                raise
        yield Pause(pause_s)
        if not deadline.leaves_room():
            raise problem


def _missing(models: Sequence[str] | None, name: str) -> Flow[list[str]]:
    if not models and (name or models is not None) and not (yield Ask(ServerReady(), PROBE_S)):
        return [name or "its models"]
    missing = []
    for model in (yield from pipelines_of(name)) if models is None else models:
        if not (yield Ask(ModelReady(model), PROBE_S)):
            missing.append(pipeline_of(model, name))
    return missing


def _why_missing(models: Iterable[str]) -> Flow[TritoneError]:
    if not (yield Ask(ServerLive(), PROBE_S)):
        return ServerUnavailableError("no live Triton server at this address; check host, port and protocol.")
    ready = yield Ask(ServerReady(), PROBE_S)
    return _not_found(models) if ready else _not_ready(models)


def _not_ready(models: Iterable[str]) -> ServerNotReadyError:
    return ServerNotReadyError(
        f"server is running but not ready for {', '.join(models)}: it is still loading or being stopped; "
        "retry later."
    )


def _not_found(models: Iterable[str]) -> ModelNotFoundError:
    return ModelNotFoundError(
        f"server does not serve {', '.join(models)}; `tritone models` lists its recognisers and voices."
    )
