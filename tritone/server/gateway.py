"""The gateway as a process beside the server: start it, restart it after a crash, stop it first."""

from __future__ import annotations

import importlib.util
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence

from ..errors import ServerError, StartupError
from .crashes import CrashBudget, signal_name
from .environment import stop_with_launcher

_POLL_S = 0.1
_START_S = 10.0  # an end within this time after the start is no crash: its settings are wrong
COMMAND = (sys.executable, "-m", "tritone_gateway", "serve")


class GatewayProcess:
    """The gateway in front of a server, watched by a thread.

    Args:
        grpc_url: HOST:PORT of the server.
        options: of `tritone-gateway serve`.
        asked: set it to request an orderly stop.
        ended: is set once the gateway has ended, by request or because it cannot go on.
        report: receives messages for the operator; must not raise.
        command: that serves; its options follow.
    """

    def __init__(
        self,
        grpc_url: str,
        options: Sequence[str],
        asked: threading.Event,
        ended: threading.Event,
        report: Callable[[str], None],
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._command = [*command, *options, "--triton-url", grpc_url]
        self._asked, self._ended = asked, ended
        self._report = report
        self._crashes = CrashBudget(name="gateway")
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self.failed = False  # whether it ended without having been asked

    def start(self) -> None:
        """Start the process and the thread that watches it.

        Raises:
            StartupError: the gateway is not installed.
        """
        if importlib.util.find_spec("tritone_gateway") is None:
            raise StartupError(
                "gateway: expected the package tritone-gateway, it is not installed; "
                "run `make setup`, or `pip install ./gateway`."
            )
        self._spawn()
        self._watcher.start()

    def stop(self) -> None:
        """Let running requests finish and wait until the process has ended."""
        self._asked.set()
        if self._watcher.ident is not None:
            self._watcher.join()

    def kill(self) -> None:
        """End the process at once."""
        if self._process is not None:
            self._process.kill()

    def _spawn(self) -> None:
        self._started_at = time.monotonic()
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C must reach the launcher only, which then stops the gateway
            preexec_fn=stop_with_launcher,
        )

    def _watch(self) -> None:
        try:
            while self._watched_until_end():
                self._spawn()
        except ServerError as error:
            self._report(str(error))
            self.failed = True
        finally:
            self._ended.set()

    def _watched_until_end(self) -> bool:
        """Watch one process until it has ended; return whether to start another.

        Raises:
            ServerError: it ended by itself, or crashes too often.
        """
        process = self._process
        assert process is not None
        while not self._asked.wait(_POLL_S):
            code = process.poll()
            if code is not None:
                return self._may_restart(code)
        process.send_signal(signal.SIGTERM)
        process.wait()  # it limits its draining itself
        return False

    def _may_restart(self, code: int) -> bool:
        ending = signal_name(code) if code < 0 else f"code {code}"
        if code >= 0 and time.monotonic() - self._started_at < _START_S:
            raise ServerError(f"gateway: ended with {ending}; the reason is above.")
        pause_s = self._crashes.pause_s(code)
        self._report(f"gateway: ended with {ending}, running requests are lost; restarting it")
        return not self._asked.wait(pause_s)
