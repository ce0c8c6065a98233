"""A node over the system's ssh and rsync: one connection, which all commands share."""

from __future__ import annotations

import os
import selectors
import shlex
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from deploy.connection import SSH_ERROR, command_failure, connection_failure
from deploy.errors import MissingToolError, NodeCommandError, UnreachableError
from deploy.progress import Progress
from deploy.tree import copy_command, transfer_summary

DEFAULT_TIMEOUT_S = 60.0
_CONNECT_S = 15
_COPY_S = 3600.0
_TUNNEL_ANSWER_S = 10.0
_LINGER_S = 30  # after which a connection ends whose owner was killed


@dataclass(frozen=True)
class CommandResult:
    """What a command on the node returned."""

    code: int  # exit status
    output: str  # standard output
    complaints: str = ""  # standard error


def quoted(template: str, *values: str | int | Sequence[str]) -> str:
    """Fill a command's `{}` with values, each quoted for the shell; a sequence becomes several words."""
    words = [
        shlex.quote(str(value)) if isinstance(value, str | int) else shlex.join(value) for value in values
    ]
    return template.format(*words)


class Node:
    """A node over ssh. Use it as a context manager.

    Args:
        host: user@name, or an alias from ssh's configuration.
        arguments: further arguments for ssh, e.g. ["-p", "2222"].
        progress: prints every command.

    Raises:
        MissingToolError: this machine has no ssh or rsync.
        UnreachableError, HostKeyError, LoginError: the connection failed.
    """

    def __init__(self, host: str, arguments: Sequence[str], progress: Progress) -> None:
        self.host = host
        self._ssh = ["ssh", *arguments]
        self._progress = progress

    def __enter__(self) -> Node:
        for tool in ("ssh", "rsync"):
            if shutil.which(tool) is None:
                raise MissingToolError(
                    f"{tool}: expected it on this machine, found none; install it (`make deploy-packages` on "
                    "Debian and Ubuntu)."
                )
        # A socket's path must be shorter than 108 bytes, which TMPDIR may exceed.
        self._folder = tempfile.TemporaryDirectory(prefix="deploy-", dir="/tmp")
        try:
            self._connect(f"{self._folder.name}/ssh")
            self._require_tunnels()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(subprocess.TimeoutExpired):  # then it ends after _LINGER_S
            subprocess.run([*self._ssh, "-O", "exit", self.host], capture_output=True, timeout=30)
        self._folder.cleanup()

    def run(
        self,
        command: str,
        *,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        check: bool = True,
        dry_run_output: str = "",
    ) -> CommandResult:
        """Run a shell command on the node.

        Args:
            command: for POSIX sh; insert values with `quoted`.
            timeout_s: seconds after which to give up.
            check: raise when its exit code is not 0.
            dry_run_output: its output in a dry run, which runs nothing.

        Raises:
            NodeCommandError: it failed, or took too long.
            DiskFullError: the node's disk is full.
            UnreachableError: the connection was lost.
        """
        self._progress.ran(command)
        return self._run(command, "", timeout_s, check)

    def write(self, path: str, content: str) -> None:
        """Replace a file on the node atomically: readers see either the old content or the new."""
        self._progress.wrote(path, content)
        self._run(
            quoted("cat >{0}.new && chmod 644 {0}.new && mv -f {0}.new {0}", path), content, DEFAULT_TIMEOUT_S
        )

    def copy(self, source: Path, target: str, unchanged_in: str | None) -> str:
        """Copy a tree to the node with rsync.

        Args:
            source: the tree.
            target: folder on the node; anything else in it is deleted.
            unchanged_in: a folder on the node; files that are the same there are hard-linked, not sent.

        Returns:
            A summary of what was sent.
        """
        command = copy_command(self.host, self._ssh, source, target, unchanged_in)
        self._progress.ran_here(shlex.join(command))
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                timeout=_COPY_S,
                env={**os.environ, "LC_ALL": "C"},
                start_new_session=True,
            )
        except subprocess.TimeoutExpired as error:
            raise UnreachableError(
                f"{self.host}: expected the copy to finish within {_COPY_S / 60:g} minutes, it did not; "
                "deploy again to resume it."
            ) from error
        if done.returncode != 0:
            raise command_failure(self.host, "rsync", done.returncode, done.stderr)
        return transfer_summary(done.stdout)

    def open(self, command: str) -> RemoteProcess:
        """Start a command that runs until its input is closed."""
        self._progress.ran(command)
        return RemoteProcess(self._remote(command))

    @contextmanager
    def forward(self, target: str) -> Iterator[str]:
        """Open a tunnel and yield its HOST:PORT on this machine.

        Args:
            target: HOST:PORT as seen from the node, or the path of a socket there.
        """
        with socket.create_server(("127.0.0.1", 0)) as free:
            here = f"127.0.0.1:{free.getsockname()[1]}"
        opened = self._control("forward", f"{here}:{target}")
        if opened.returncode != 0:
            raise command_failure(self.host, f"tunnel to {target}", SSH_ERROR, opened.stderr)
        try:
            yield here
        finally:
            self._control("cancel", f"{here}:{target}")

    def _control(self, request: str, route: str) -> subprocess.CompletedProcess[str]:
        command = [*self._ssh, "-O", request, "-L", route, self.host]
        try:
            return subprocess.run(
                command, capture_output=True, text=True, timeout=DEFAULT_TIMEOUT_S, start_new_session=True
            )
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(command, SSH_ERROR, "", "no answer")

    def _connect(self, control_path: str) -> None:
        """Open the shared connection. Only here may ssh prompt for a password or an unknown key."""
        command = [*self._ssh, "-M", "-N", "-f", "-S", control_path]
        options = {
            "ControlPersist": f"{_LINGER_S}s",
            "ConnectTimeout": _CONNECT_S,
            "ServerAliveInterval": 15,
            "ServerAliveCountMax": 4,
            "ExitOnForwardFailure": "yes",
        }
        for name, value in options.items():
            command += ["-o", f"{name}={value}"]
        self._ssh += ["-S", control_path, "-o", "ControlMaster=no", "-o", "BatchMode=yes"]
        # The connection keeps its standard error open in the background, so reading a pipe would never end.
        with tempfile.TemporaryFile("w+") as complaints:
            code = subprocess.call(
                [*command, self.host], stdin=subprocess.DEVNULL, stdout=complaints, stderr=complaints
            )
            complaints.seek(0)
            text = complaints.read()
        if code != 0:
            raise connection_failure(self.host, text)

    def _require_tunnels(self) -> None:
        """Raise UnreachableError when the node's sshd refuses tunnels, tested with a tunnel to itself.

        ssh opens the local end without asking the node, so a refusal looks like a server that never answers.
        """
        connection = self.run("echo $SSH_CONNECTION").output.split()
        if len(connection) < 4:
            return  # not OpenSSH: cannot be tested
        address, port = connection[2:4]
        with self.forward(f"[{address}]:{port}" if ":" in address else f"{address}:{port}") as here:
            host, _, local_port = here.rpartition(":")
            try:
                with socket.create_connection((host, int(local_port)), _TUNNEL_ANSWER_S) as tunnel:
                    answers = tunnel.recv(4) == b"SSH-"
            except OSError:
                answers = False
        if not answers:
            raise UnreachableError(
                f"{self.host}: expected its sshd to allow tunnels, it refuses them; set AllowTcpForwarding "
                "(and AllowStreamLocalForwarding) to yes or local in its sshd_config."
            )

    def _remote(self, command: str) -> list[str]:
        # The user's login shell may be any; it only has to pass one quoted word to sh.
        return [*self._ssh, self.host, quoted("sh -c {}", command)]

    def _run(self, command: str, content: str, timeout_s: float, check: bool = True) -> CommandResult:
        first = command.strip().splitlines()[0]
        shown = first if len(first) < 200 else first[:200] + " ..."
        try:
            done = subprocess.run(
                self._remote(command),
                input=content,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout_s,
                # Ctrl-C reaches this process only, which then cleans up the node over the same connection.
                start_new_session=True,
            )
        except subprocess.TimeoutExpired as error:
            raise NodeCommandError(
                f"{self.host}: expected an answer within {timeout_s:g} s, got none, to: {shown}"
            ) from error
        if done.returncode == SSH_ERROR or (check and done.returncode != 0):
            # Some programs print errors to standard output, e.g. Debian's venv when its package is missing.
            output = "" if done.returncode == SSH_ERROR else done.stdout
            raise command_failure(self.host, shown, done.returncode, output + done.stderr)
        return CommandResult(done.returncode, done.stdout, done.stderr)


class RemoteProcess:
    """A command on the node that runs until its input is closed.

    Args:
        command: the local command that runs it.
    """

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def send(self, line: str) -> None:
        """Send a line; ignored when the process has ended."""
        assert self._process.stdin is not None
        with suppress(OSError, ValueError):  # is_open tells
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()

    def receive(self, timeout_s: float) -> str:
        """Return the next line of its output; empty if it ended or printed nothing in time."""
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            if not selector.select(timeout_s):
                return ""
        return self._process.stdout.readline().decode(errors="replace").rstrip("\n")

    def is_open(self) -> bool:
        """Whether the command is running and connected."""
        return self._process.poll() is None

    def close(self, timeout_s: float) -> None:
        """Close its input and wait for its end, at most `timeout_s` seconds."""
        try:
            self._process.communicate(timeout=timeout_s)
        except (subprocess.TimeoutExpired, OSError, ValueError):
            self._process.kill()
            self._process.wait()
