"""A node's proxy: Envoy on the public ports, which routes requests to the serving release."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict

from deploy.errors import DeployError, NodeCommandError, PortTakenError, ProxyError
from deploy.facts import Facts
from deploy.node import quoted
from deploy.proxy_config import GATEWAY, PROTOCOLS, bootstrap, cluster_name, clusters, protocols, routes
from deploy.proxy_routes import PublicApi
from deploy.runtimes import Runtime
from deploy.session import NodeSession
from deploy.state import NodeState, ProxySettings, Release, to_json

_APPLY_S = 15.0
_START_S = 30.0
_SETTLE_S = 1.0  # until every thread of Envoy has the new routes


class Proxy:
    """The proxy of a node.

    Args:
        session: the node.
        state: of the node, as read at the start of the session.
        settings: how the proxy should run; None keeps the present settings.
        runtime: runs it; needed with settings.
    """

    def __init__(
        self,
        session: NodeSession,
        state: NodeState,
        settings: ProxySettings | None = None,
        runtime: Runtime | None = None,
    ) -> None:
        self._session = session
        self._front = session.layout.front
        self._state = state
        self._runtime = runtime
        self._runs = state.proxy_runs
        self._prepared: dict[str, str] = {}  # new files of the proxy, if it must be replaced
        self._replaced = False
        found = settings or state.proxy
        if found is None:
            raise ProxyError(
                "proxy: expected one from an earlier deploy, found none; run `make deploy` first."
            )
        self.settings = found

    def require_ports(self, facts: Facts) -> None:
        """Raise PortTakenError when something else listens on a public port."""
        own = self._state.proxy.public_ports if self._state.proxy and self._runs else ()
        for port in self.settings.public_ports:
            if port in facts.listening and port not in own:
                raise PortTakenError(
                    f"port {port} on the node: expected it to be free for the proxy, something else "
                    f"listens there; find it with `ss -ltnp 'sport = :{port}'` and stop it, or choose other "
                    "ports (--http-port, --grpc-port, --metrics-port, --gateway-port)."
                )

    def prepare(self, new: Release) -> None:
        """Install a proxy beside the running one, if its files differ.

        Args:
            new: release that brings it.

        Raises:
            ProxyError: Envoy rejects its configuration.
        """
        session = self._session
        if self._runtime is None:
            return
        files = {
            "bootstrap.json": bootstrap(self.settings, session.layout),
            "door.json": to_json(self.settings),
            **asdict(self._runtime.proxy_scripts(self.settings)),
        }
        if self._runs and self._is_up_to_date(files):
            return
        session.progress.step("Prepare another proxy" if self._runs else "Prepare the proxy")
        self._runtime.prepare_proxy(session.layout.release(new.id).tree)
        session.node.run(quoted("mkdir -p {}", f"{self._front}/next"))
        for name, content in files.items():
            session.node.write(f"{self._front}/next/{name}", content)
        if self._runs:  # Envoy can only validate with the routes of a serving release
            serving = self._state.find(self._state.current)
            if serving is not None:
                self._complete_routes(serving.release)
            validate = self._runtime.validate_command(self.settings, f"{self._front}/next/bootstrap.json")
            try:
                session.node.run(validate)
            except NodeCommandError as error:
                raise ProxyError(f"proxy: Envoy rejects its configuration.\n{error}") from error
        self._prepared = files

    def switch(self, new: Release, old: Release | None) -> None:
        """Route all new requests to a release; requests in flight stay where they are.

        Args:
            new: its server is ready.
            old: the release whose server still answers requests, if there is one.

        Raises:
            ProxyError: it failed, and everything is as it was before.
        """
        session, state = self._session, self._state
        try:
            session.progress.step(f"Switch the proxy to {new.id}")
            self._write_clusters(*([old] if old else []), new)
            self._complete_routes(new)
            if self._runs:
                self._require_applied("clusters", new, self._has_clusters)
            session.node.run(links_command(session.layout.root, new.id, state.current or state.previous))
            if self._prepared:
                self._replace()
            elif not self._runs:
                self._start("sh start")
            self._require_applied("routes", new, self._has_routes)
            if not session.checks.until(self._ready, _APPLY_S):
                ports = self.settings.public_ports
                raise ProxyError(f"proxy: expected {new.id} to answer on ports {ports}, got no answer.")
        except DeployError:
            self._revert(old)
            raise

    def drained(self, release: Release) -> bool:
        """Wait until Envoy has no request left at a release; return whether that happened in time."""
        self._session.checks.pause(_SETTLE_S)
        return self._session.checks.until(lambda: self._is_idle(release), self._session.timeouts.drain_s)

    def keep_only(self, release: Release) -> None:
        """Remove the clusters of all other releases."""
        self._write_clusters(release)

    def active(self, release: Release) -> int:
        """Return how many requests Envoy has at a release, waiting for a connection or for the response."""
        answer = self._query(
            f"/stats?filter=^cluster.[a-z]%2B_{release.id}.upstream_rq_(active|pending_active)$"
        )
        return sum(int(line.rpartition(":")[2]) for line in answer.splitlines() if line.strip())

    def _is_idle(self, release: Release) -> bool:
        try:
            return self.active(release) == 0
        except ProxyError:
            return False  # queried again: one missing response must not cut requests short

    def _is_up_to_date(self, files: dict[str, str]) -> bool:
        names = [name for name in files if name != "door.json"]
        planned = "".join(files[name] for name in names)
        command = quoted("cd {} && cat {}", self._front, names)
        return self._session.node.run(command, check=False, dry_run_output=planned).output == planned

    def _replace(self) -> None:
        """Replace the proxy by the prepared one, in one command so that nothing can interrupt it halfway."""
        install = "cp -p next/* . && rm -rf next && sh start"
        if self._runs:
            self._session.progress.step("Restart the proxy, which has changed; open connections end here")
            names = list(self._prepared)
            install = (
                quoted("rm -rf before && mkdir before && cp -p {} before/ && sh stop && ", names) + install
            )
            self._replaced = True
        self._start(install)

    def _start(self, command: str) -> None:
        """Run a command that starts the proxy, and wait for it."""
        session, settings = self._session, self.settings
        session.node.run(quoted("cd {} && ", self._front) + command)
        session.progress.step(f"Start the proxy on {settings.address}, ports {settings.public_ports}")
        alive = quoted("sh {}/alive", self._front)
        session.checks.until(
            lambda: self._answers() or session.node.run(alive, check=False).code != 0, _START_S
        )
        if not self._answers():
            raise ProxyError(f"proxy: expected Envoy to start, it did not. {self._log_tail()}")

    def _revert(self, old: Release | None) -> None:
        """Route everything back to the release before; without one, stop the proxy."""
        node, state = self._session.node, self._state
        self._session.progress.step(f"Switch the proxy back to {old.id}" if old else "Stop the proxy again")
        node.run(links_command(self._session.layout.root, state.current, state.previous))
        if old:
            self._write_clusters(old)
            if self._replaced:
                node.run(quoted("cd {} && sh stop; cp -p before/* . && sh start", self._front))
        else:
            node.run(quoted("if [ -f {0}/stop ]; then sh {0}/stop; fi", self._front))

    def _write_clusters(self, *releases: Release) -> None:
        self._session.node.write(f"{self._front}/clusters.json", clusters(releases))

    def _complete_routes(self, release: Release) -> None:
        """Give a release without a gateway routes for its port: one made before there were any has none."""
        if self.settings.gateway_port is None or release.gateway_port is not None:
            return
        path = f"{self._session.layout.release(release.id).routes}/{GATEWAY}.json"
        self._session.node.write(path, routes(release, GATEWAY, PublicApi(())))

    def _require_applied(self, what: str, release: Release, applied: Callable[[Release], bool]) -> None:
        if not self._session.checks.until(lambda: applied(release), _APPLY_S):
            raise ProxyError(
                f"proxy: expected Envoy to apply the {what} of {release.id}, it did not. {self._log_tail()}"
            )

    def _log_tail(self) -> str:
        log = self._session.node.run(quoted("sh {}/log", self._front), check=False).output
        return "Its log ends:\n" + "\n".join(log.strip().splitlines()[-10:])

    def _answers(self) -> bool:
        try:
            return self._query("/ready").strip() in ("LIVE", "")
        except ProxyError:
            return False

    def _ready(self) -> bool:
        return self._session.checks.ready(self.settings.reachable_address, self.settings.ports)

    def _has_clusters(self, release: Release) -> bool:
        answer = self._query("/config_dump?resource=dynamic_active_clusters")
        return not answer or all(
            f'"{cluster_name(release.id, protocol)}"' in answer for protocol in PROTOCOLS
        )

    def _has_routes(self, release: Release) -> bool:
        answer = self._query("/config_dump?resource=dynamic_route_configs")
        if not answer:
            return True
        versions = [config.get("version_info") for config in json.loads(answer).get("configs", [])]
        return len(versions) == len(protocols(self.settings)) and set(versions) == {release.id}

    def _query(self, path: str) -> str:
        return self._session.checks.envoy(self._session.layout.admin_socket, path)


def links_command(root: str, current: str | None, previous: str | None) -> str:
    """Return the command that sets both links, each atomically; None removes one.

    Envoy watches the root folder: renaming `current` is the switch.
    """
    steps = [quoted("cd {}", root)]
    for link, target in (("current", current), ("previous", previous)):
        if target is None:
            steps.append(f"rm -f {link}")
        else:
            steps.append(quoted("ln -sfn {1} {0}.new && mv -Tf {0}.new {0}", link, f"releases/{target}"))
    return " && ".join(steps)
