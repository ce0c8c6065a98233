"""Keep a server running until it is asked to stop: report readiness, reload dead models, restart crashes."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from ..errors import ServerError
from .crashes import CrashBudget, signal_name
from .healing import Healer
from .model_processes import ModelProcesses
from .process import TritonServer

_POLL_S = 0.2


class Supervisor:
    """Runs one server in the foreground.

    Args:
        server: started by `run`, and restarted if it crashes while serving.
        killed_models: what to do when a model's process was killed: "reload", "end" or "leave".
        stopping: set it to request an orderly stop.
        report: receives messages for the operator; must not raise.
    """

    def __init__(
        self,
        server: TritonServer,
        killed_models: str,
        stopping: threading.Event,
        report: Callable[[str], None],
    ) -> None:
        self._server = server
        self._killed_models = killed_models
        self._stopping = stopping
        self._report = report
        self._crashes = CrashBudget()
        self._has_been_ready = False

    def run(self) -> int:
        """Serve until asked to stop; return the launcher's exit code.

        Raises:
            ServerError: the server cannot be started, ended by itself, or keeps crashing.
        """
        if notice := self._server.notice():
            self._report(notice)
        self._server.start()
        while True:
            watch = _ServerWatch(self._server, self._killed_models, self._stopping, self._report)
            code = watch.watch()
            if code is None and watch.broken:
                self._server.stop()
                return 1  # for the service manager to restart the launcher
            if code is None:
                self._report("stopping; running requests are finished first")
                return 0 if self._server.stop() == 0 else 1
            self._has_been_ready |= watch.was_ready
            self._start_again(code)

    def _start_again(self, code: int) -> None:
        """Restart the server after a crash.

        A client that repeats a fatal request can crash a restarted server before it is found ready. That
        counts as another crash; only the launcher's first start must succeed.

        Raises:
            ServerError: it ended in another way, was never ready, or has crashed too often.
        """
        if code >= 0 or not self._has_been_ready:
            ending = signal_name(code) if code < 0 else f"code {code}"
            raise ServerError(f"tritonserver ended with {ending}.\n{self._server.failure_report()}")
        pause_s = self._crashes.pause_s(code)
        self._report(
            f"tritonserver crashed ({signal_name(code)}), running requests are lost; restarting it"
            + (f" in {pause_s:g} s" if pause_s else "")
        )
        if not self._stopping.wait(pause_s):
            self._server.start_again()


class _ServerWatch:
    """Watches one process of the server from start to end."""

    def __init__(
        self,
        server: TritonServer,
        killed_models: str,
        stopping: threading.Event,
        report: Callable[[str], None],
    ) -> None:
        self._server = server
        self._process = server.process
        self._killed_models = killed_models
        self._stopping = stopping
        self._report = report
        self._ready, self._broken, self._ended = (threading.Event() for _ in range(3))

    @property
    def was_ready(self) -> bool:
        """Whether all models have been loaded."""
        return self._ready.is_set()

    @property
    def broken(self) -> bool:
        """Whether a model cannot be reloaded, so that the server must end."""
        return self._broken.is_set()

    def watch(self) -> int | None:
        """Return the exit code when the process has ended; None when it is to be stopped."""
        threading.Thread(target=self._announce, daemon=True).start()
        if self._killed_models != "leave":
            threading.Thread(target=self._heal, daemon=True).start()
        try:
            while not self._stopping.wait(_POLL_S):
                code = self._process.poll()
                if code is not None:
                    return code
                if self.broken:
                    return None
            return None
        finally:
            self._ended.set()

    def _announce(self) -> None:
        started = time.monotonic()
        try:
            self._server.wait_ready(math.inf)  # building engines at startup takes long
        except ServerError:
            return  # `watch` detects the end of the process
        self._ready.set()
        if not self._ended.is_set():
            server = self._server
            self._report(
                f"ready after {time.monotonic() - started:.1f} s. gRPC {server.grpc_url}, HTTP "
                f"{server.http_url}, metrics {server.metrics_url}. Ctrl-C stops it."
            )

    def _heal(self) -> None:
        control = self._server.control if self._killed_models == "reload" else None
        healer = Healer(ModelProcesses(self._process.pid), control, self._report)
        threading.Thread(target=healer.kill_frozen, args=(self._ended,), daemon=True).start()
        try:
            healer.watch(self._ready, self._ended)
        except ServerError as error:
            if self._process.poll() is None and not self._ended.is_set():
                self._report(f"{error}\ntritone: ending the server")
                self._broken.set()
