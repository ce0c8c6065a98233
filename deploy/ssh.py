"""A node over the system's ssh and rsync: one connection, which all commands share."""

from __future__ import annotations

import os
import re
import selectors
import shlex
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from deploy.errors import DiskFullError, MissingToolError, NodeCommandError, UnreachableError
from deploy.node import DEFAULT_TIMEOUT_S, Result, quoted
from deploy.progress import Progress
from deploy.ssh_failures import connection_failure

CONNECTION_ERROR = 255  # ssh's own exit code
CONNECT_S = 15
COPY_S = 3600.0
_LINGER_S = 30  # a master whose owner was killed ends by itself


class SshNode:
    """A node over ssh. Use it as a context manager.

    Args:
        host: user@name, or an alias of ssh's configuration.
        arguments: further arguments of ssh, e.g. ["-p", "2222"].
        progress: hears of every command.

    Raises:
        MissingToolError: no ssh or rsync on this machine.
        UnreachableError, HostKeyError, LoginError: no connection.
    """

    def __init__(self, host: str, arguments: Sequence[str], progress: Progress) -> None:
        self.host = host
        self._arguments = list(arguments)
        self._progress = progress
        # Paths of sockets must stay under 108 bytes, which TMPDIR may not.
        self._folder = tempfile.TemporaryDirectory(prefix="deploy-", dir="/tmp")
        self._socket = f"{self._folder.name}/ssh"

    def __enter__(self) -> SshNode:
        for tool in ("ssh", "rsync"):
            if shutil.which(tool) is None:
                raise MissingToolError(
                    f"{tool}: expected it on this machine, found none; install it (`make deploy-packages` on "
                    "Debian and Ubuntu)."
                )
        try:
            self._connect()
        except BaseException:
            self._folder.cleanup()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(subprocess.TimeoutExpired):  # then it ends by itself
            subprocess.run([*self._ssh(), "-O", "exit", self.host], capture_output=True, timeout=30)
        self._folder.cleanup()

    def run(
        self,
        command: str,
        *,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        check: bool = True,
        supposing: str = "",
    ) -> Result:
        """Run a command of the shell on the node; see Node."""
        return self._run(command, None, timeout_s, check)

    def write(self, path: str, content: str, mode: str = "644") -> None:
        """Replace a file on the node at once; see Node."""
        self._progress.wrote(path, content)
        command = quoted("cat >{0}.new && chmod {1} {0}.new && mv -f {0}.new {0}", path, mode)
        self._run(command, content, DEFAULT_TIMEOUT_S, check=True, quiet=True)

    def copy(self, source: Path, rules: Sequence[str], target: str, unchanged_in: str | None) -> str:
        """Copy a folder to the node; see Node."""
        command = copy_command(self.host, self._ssh(), source, rules, target, unchanged_in)
        self._progress.ran_here(shlex.join(command))
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                timeout=COPY_S,
                env={**os.environ, "LC_ALL": "C"},
                start_new_session=True,
            )
        except subprocess.TimeoutExpired as error:
            raise UnreachableError(
                f"{self.host}: expected the copy to be done within {COPY_S / 60:g} minutes, it is not; "
                "the next deploy goes on with what is there."
            ) from error
        if done.returncode != 0:
            raise self._failure("rsync", done.returncode, done.stderr)
        return sent(done.stdout)

    def session(self, command: str) -> SshSession:
        """Start a command that keeps running; see Node."""
        self._progress.ran(command)
        return SshSession(self._command(command))

    @contextmanager
    def forward(self, target: str) -> Iterator[str]:
        """Open a tunnel; see Node."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            here = f"127.0.0.1:{free.getsockname()[1]}"
        route = f"{here}:{target}"
        opened = self._control("forward", route)
        if opened.returncode != 0:
            raise self._failure(f"tunnel to {target}", CONNECTION_ERROR, opened.stderr)
        try:
            yield here
        finally:
            self._control("cancel", route)

    def _control(self, request: str, route: str) -> subprocess.CompletedProcess[str]:
        command = [*self._ssh(), "-O", request, "-L", route, self.host]
        try:
            return subprocess.run(
                command, capture_output=True, text=True, timeout=DEFAULT_TIMEOUT_S, start_new_session=True
            )
        except subprocess.TimeoutExpired:
            return subprocess.CompletedProcess(command, CONNECTION_ERROR, "", "no answer")

    def _connect(self) -> None:
        """Open the shared connection. Only here ssh may ask for a password or about an unknown key."""
        command = ["ssh", *self._arguments, "-M", "-N", "-f", "-S", self._socket]
        options = {
            "ControlPersist": f"{_LINGER_S}s",
            "ConnectTimeout": CONNECT_S,
            "ServerAliveInterval": 15,
            "ServerAliveCountMax": 4,
            "ExitOnForwardFailure": "yes",
        }
        for name, value in options.items():
            command += ["-o", f"{name}={value}"]
        # The connection keeps its standard error open when it goes to the background: a pipe would never end.
        with tempfile.TemporaryFile("w+") as complaints:
            code = subprocess.call(
                [*command, self.host], stdin=subprocess.DEVNULL, stdout=complaints, stderr=complaints
            )
            complaints.seek(0)
            text = complaints.read()
        if code != 0:
            raise connection_failure(self.host, text)

    def _ssh(self) -> list[str]:
        return ["ssh", *self._arguments, "-S", self._socket, "-o", "ControlMaster=no", "-o", "BatchMode=yes"]

    def _command(self, command: str) -> list[str]:
        # The user's login shell may be any; it only has to hand one quoted word to sh.
        return [*self._ssh(), self.host, quoted("sh -c {}", command)]

    def _run(
        self, command: str, content: str | None, timeout_s: float, check: bool, quiet: bool = False
    ) -> Result:
        if not quiet:
            self._progress.ran(command)
        try:
            done = subprocess.run(
                self._command(command),
                input=content or "",
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout_s,
                # Ctrl-C reaches this process only, which then tidies the node up over the same connection.
                start_new_session=True,
            )
        except subprocess.TimeoutExpired as error:
            raise NodeCommandError(
                f"{self.host}: expected an answer within {timeout_s:g} s, got none, to: {_shortened(command)}"
            ) from error
        if done.returncode == CONNECTION_ERROR or (check and done.returncode != 0):
            # Some programs complain on standard output: Debian's venv does, about its missing package.
            told = "" if done.returncode == CONNECTION_ERROR else done.stdout
            raise self._failure(_shortened(command), done.returncode, told + done.stderr)
        return Result(done.returncode, done.stdout, done.stderr)

    def _failure(self, what: str, code: int, complaints: str) -> Exception:
        if "No space left on device" in complaints or "Disk quota exceeded" in complaints:
            return DiskFullError(
                f"{self.host}: expected space for the release, got a full disk; remove what is not needed "
                "(releases: --keep 2, images: docker image prune) and deploy again."
            )
        if code == CONNECTION_ERROR:
            return UnreachableError(
                f"{self.host}: the connection was lost ({complaints.strip() or 'no reason given'}); the node "
                "tidies up by itself, look with `make status`."
            )
        return NodeCommandError(f"{self.host}: `{what}` ended with code {code}:\n{_tail(complaints)}")


class SshSession:
    """A command on the node that runs as long as its input is open."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def say(self, line: str) -> None:
        """Send a line."""
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
        except (OSError, ValueError):
            pass  # is_open tells

    def hear(self, timeout_s: float) -> str:
        """Return the next line of output."""
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            if not selector.select(timeout_s):
                return ""
        return self._process.stdout.readline().decode(errors="replace").rstrip("\n")

    def is_open(self) -> bool:
        """Whether it runs and is connected."""
        return self._process.poll() is None

    def close(self, timeout_s: float) -> None:
        """Close its input and wait for its end."""
        try:
            self._process.communicate(timeout=timeout_s)
        except (subprocess.TimeoutExpired, OSError, ValueError):
            self._process.kill()
            self._process.wait()


def copy_command(
    host: str, ssh: Sequence[str], source: Path, rules: Sequence[str], target: str, unchanged_in: str | None
) -> list[str]:
    """Return the rsync command of a copy.

    Files are compared by their content: a fresh checkout of the same commit has other times. Times are not
    kept, so that whatever is the same becomes a link.
    """
    return [
        "rsync",
        "--recursive",
        "--links",
        "--perms",
        "--chmod=D755,Fu+rw,Fgo+r",
        "--checksum",
        "--delete",
        "--delete-excluded",
        "--protect-args",
        "--stats",
        "--timeout=120",
        *([f"--link-dest={unchanged_in}"] if unchanged_in else []),
        f"--rsh={shlex.join(ssh)}",
        *rules,
        f"{source}/",
        f"{host}:{target}/",
    ]


def sent(statistics: str) -> str:
    """Say what rsync's --stats tell: files and megabytes sent, of how many."""
    found = {
        name: int(re.sub(r"\D", "", value))
        for name, value in re.findall(r"^([A-Z][^:\n]*): ([\d,]+)", statistics, re.MULTILINE)
    }
    try:
        files = re.search(r"Number of files: .*?reg: ([\d,]+)", statistics)
        total = int(files[1].replace(",", "")) if files else 0
        size = found["Literal data"] / 1e6
        return f"{found['Number of regular files transferred']} of {total} files sent, {size:.1f} MB"
    except KeyError:
        return "copied"


def _shortened(command: str) -> str:
    first = command.strip().splitlines()[0]
    return first if len(first) < 200 else first[:200] + " ..."


def _tail(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-20:])
