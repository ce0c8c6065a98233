"""One running tritonserver."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from ..contract import RESTARTS_VARIABLE, STOPPING_VARIABLE
from ..errors import ServerError, StartupError
from .control import ModelControl
from .environment import prepare_child, server_environment
from .installation import IMPORT_FOLDER, build_backend_directory, find_installation
from .log import is_harmless
from .onnxruntime import idle_gpu_notice, require_min_version, thread_flags
from .options import ADMIN_HEADER, ServerOptions
from .shared_memory import new_prefix, prefix_flags, remove_orphans, remove_regions
from .stream_ending import end_streams

_POLL_S = 0.1
_IDLE_CLIENTS_S = 5.0  # for the server to end while clients hold connections of streams that have ended
_ERROR_LINE = re.compile(r"^E\d{4} \S+ \d+ \S+\] (.*)")


class TritonServer:
    """A tritonserver with tritone's repositories, from start to stop.

    Use it as a context manager: entering waits until every model is ready; leaving finishes the running
    requests and stops the server.

    Args:
        options: of the server.
        log: file for the server's output; None keeps it in a temporary file.

    Raises:
        PortInUseError: a port is in use.
        InstallationError: no usable server was found.
        StartupError: the server ended or was not ready in time; the message quotes the errors in its log.
    """

    def __init__(self, options: ServerOptions | None = None, log: Path | None = None) -> None:
        self.options = options or ServerOptions()
        self._folder = tempfile.TemporaryDirectory(prefix="tritone-")
        self.log = log or Path(self._folder.name) / "tritonserver.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._backends: Path | None = None
        self._regions = new_prefix()
        self._restarts = 0
        self._stopping = Path(self._folder.name) / "stopping"  # exists as soon as streams are to end

    @property
    def grpc_url(self) -> str:
        """host:port of the gRPC endpoint."""
        return f"{self._reachable_address}:{self.options.ports.grpc}"

    @property
    def http_url(self) -> str:
        """host:port of the HTTP endpoint."""
        return f"{self._reachable_address}:{self.options.ports.http}"

    @property
    def metrics_url(self) -> str:
        """URL of the Prometheus metrics."""
        return f"http://{self._reachable_address}:{self.options.ports.metrics}/metrics"

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The started process.

        Raises:
            ServerError: not started yet.
        """
        if self._process is None:
            raise ServerError(
                "tritonserver: expected a started server, it was not started; call start() first."
            )
        return self._process

    @property
    def _reachable_address(self) -> str:
        return "127.0.0.1" if self.options.address in ("0.0.0.0", "::") else self.options.address

    def start(self) -> None:
        """Start the process, without waiting for the models to be loaded."""
        remove_orphans()
        self.options.require_models()
        self.options.ports.require_free(self.options.address)
        installation = find_installation(self.options.tritonserver)
        require_min_version(self.options.repositories, self.options.model_config_name, installation)
        threads = thread_flags(installation, self.options.graph_threads, self.options.extra)
        if self._backends is None:  # built once: processes of a crashed server may still use its files
            self._backends = build_backend_directory(installation, Path(self._folder.name) / "backends")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    str(installation.binary),
                    *threads,
                    *prefix_flags(self._regions, installation.python_backends, self.options.extra),
                    *self.options.arguments(self._backends),
                ],
                env=server_environment(os.environ, installation)
                | {RESTARTS_VARIABLE: str(self._restarts), STOPPING_VARIABLE: str(self._stopping)},
                cwd=IMPORT_FOLDER,  # stubs also import from the working directory
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C must reach the launcher only, which then drains the server
                preexec_fn=prepare_child,
            )

    def notice(self) -> str | None:
        """Return a notice for the operator before the start, None if there is none."""
        return idle_gpu_notice(find_installation(self.options.tritonserver))

    def start_again(self) -> None:
        """Replace a crashed process by a new one with the same options, ports and key."""
        self._clean_up_after(self.process)
        self._restarts += 1
        self.start()

    def wait_ready(self, timeout_s: float = 120.0) -> None:
        """Wait until every model is loaded."""
        process = self.process
        deadline = time.monotonic() + timeout_s
        while not self._is_ready():
            code = process.poll()
            if code is not None:
                raise StartupError(
                    f"tritonserver: ended with code {code} while loading.\n{self.failure_report()}"
                )
            if time.monotonic() > deadline:
                raise StartupError(f"tritonserver: not ready after {timeout_s:g} s.\n{self.failure_report()}")
            time.sleep(_POLL_S)

    def wait(self) -> int:
        """Wait until the process ends; return its exit code."""
        return self.process.wait()

    @property
    def control(self) -> ModelControl:
        """The server's model control, unlocked."""
        return ModelControl(self.http_url, (ADMIN_HEADER, self.options.admin_key))

    def stop(self) -> int:
        """Finish the running requests, stop the server and return its exit code.

        Triton (2.51) waits for every client that still holds the connection of a stream, until its own
        timeout. Where all streams have got their final results, nothing is lost by not waiting for them.
        """
        process = self.process
        has_idle_clients = False
        if process.poll() is None:
            self._stopping.touch()
            has_idle_clients = not end_streams(self.metrics_url, self.control, self.options.exit_timeout_s)
            self.control.drain(self.options.exit_timeout_s)
            process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(_IDLE_CLIENTS_S if has_idle_clients else self.options.exit_timeout_s + 15)
        except subprocess.TimeoutExpired:
            process.kill()
            code = 0 if process.wait() and has_idle_clients else process.returncode
        self._clean_up_after(process)
        return code

    def _clean_up_after(self, process: subprocess.Popen[bytes]) -> None:
        """Remove what remains of a crashed server: its model processes and their shared memory."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        remove_regions(self._regions)

    def failure_report(self) -> str:
        """Return the distinct error messages in the log, or its last lines if there are none."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        errors = [match[1] for line in lines if (match := _ERROR_LINE.match(line)) and not is_harmless(line)]
        # Python errors have their traceback appended on the same line.
        messages = dict.fromkeys(error.partition("\\n\\nAt:")[0].strip('"') for error in errors)
        return "\n".join(messages) or "\n".join(lines[-30:])

    def __enter__(self) -> TritonServer:
        try:
            self.start()
            self.wait_ready()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the server if it is running, and remove its temporary folder."""
        if self._process is not None:
            self.stop()
        self._folder.cleanup()

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self.http_url}/v2/health/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False
