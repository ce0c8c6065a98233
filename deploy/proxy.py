"""The proxy of a node: Envoy on the public ports, which is told where the serving release listens."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from deploy.errors import DeployError, NodeCommandError, PortTakenError, ProxyError
from deploy.facts import Facts
from deploy.node import quoted
from deploy.proxy_config import PROTOCOLS, bootstrap, cluster_name, clusters
from deploy.proxy_settings import ProxySettings
from deploy.release import NodeState, Release
from deploy.runtimes import Runtime
from deploy.session import Session

_TAKE_S = 15.0
_START_S = 30.0
_SETTLE_S = 1.0  # until every thread of Envoy follows the new routes


@dataclass(frozen=True)
class ProxyPlan:
    """A proxy as it shall be."""

    settings: ProxySettings
    runtime: Runtime


class Proxy:
    """The proxy of the target node.

    Args:
        session: the node.
        state: what it was before.
        plan: how the proxy shall be; None leaves it as it is.
    """

    def __init__(self, session: Session, state: NodeState, plan: ProxyPlan | None) -> None:
        self._session = session
        self._state = state
        self._plan = plan
        self._runs = state.proxy_runs
        self._prepared: dict[str, str] = {}  # its files, where it shall be another one
        self._changed = False  # whether another one was put in its place
        settings = plan.settings if plan else state.proxy
        if settings is None:
            raise ProxyError(
                "proxy: expected one from an earlier deploy, found none; run `make deploy` first."
            )
        self.settings = settings

    def require_ports(self, facts: Facts) -> None:
        """Raise PortTakenError when something else listens on a public port."""
        own = self._state.proxy.ports.all() if self._state.proxy and self._runs else ()
        for port in self.settings.ports.all():
            if port in facts.listening and port not in own:
                raise PortTakenError(
                    f"port {port} on the node: expected it to be free for the proxy, something else "
                    f"listens there; find it with `ss -ltnp 'sport = :{port}'` and stop it, or choose others "
                    "(--http-port, --grpc-port, --metrics-port)."
                )

    def prepare(self, new: Release) -> None:
        """Put everything for another proxy beside the one that runs, if it shall be another one.

        Args:
            new: release that brings it.

        Raises:
            ProxyError: Envoy refuses its configuration.
        """
        session, front, files = self._session, self._session.layout.front, self._changed_files()
        if self._plan is None or not files:
            return
        session.progress.step("Prepare another proxy" if self._runs else "Prepare the proxy")
        runtime = self._plan.runtime
        runtime.prepare_proxy(session.layout.release(new.id).tree)
        session.node.run(quoted("mkdir -p {}", f"{front}/next"))
        for name, content in files.items():
            session.node.write(f"{front}/next/{name}", content)
        if self._runs:  # Envoy needs the routes of a release that serves
            try:
                session.node.run(runtime.validate_command(self.settings, f"{front}/next/bootstrap.json"))
            except NodeCommandError as error:
                raise ProxyError(f"proxy: Envoy refuses its configuration.\n{error}") from error
        self._prepared = files

    def switch(self, new: Release, old: Release | None) -> None:
        """Lead all new requests to a release; those under way stay where they are.

        Args:
            new: its server is ready.
            old: the release whose server still answers requests, if there is one.

        Raises:
            ProxyError: it did not come about; everything is as it was before.
        """
        session, state = self._session, self._state
        try:
            session.progress.step(f"Switch the proxy to {new.id}")
            self._write_clusters([release for release in (old, new) if release])
            if self._runs:
                self._require_taken("clusters", new, self._has_clusters)
            session.node.run(links_command(session.layout.root, new.id, state.current or state.previous))
            if self._prepared:
                self._change(self._prepared)
            elif not self._runs:
                self._start()
            self._require_taken("routes", new, self._has_routes)
            if not session.checks.until(self._ready, _TAKE_S):
                raise ProxyError(
                    f"proxy: expected {new.id} to answer on ports {self.settings.ports.all()}, got no answer."
                )
        except DeployError:
            self._revert(old)
            raise

    def drained(self, release: Release) -> bool:
        """Wait until Envoy has no request left at a release; return whether that came in time."""
        self._session.checks.pause(_SETTLE_S)
        return self._session.checks.until(lambda: self._is_idle(release), self._session.timeouts.drain_s)

    def forget(self, kept: Release) -> None:
        """Take the clusters of all other releases away."""
        self._write_clusters([kept])

    def active(self, release: Release) -> int:
        """Return how many requests Envoy has at a release, waiting for a connection or for the answer."""
        answer = self._ask(
            f"/stats?filter=^cluster.[a-z]%2B_{release.id}.upstream_rq_(active|pending_active)$"
        )
        return sum(int(line.rpartition(":")[2]) for line in answer.splitlines() if line.strip())

    def _is_idle(self, release: Release) -> bool:
        try:
            return self.active(release) == 0
        except ProxyError:
            return False  # asked again: one answer that stays away must not cut requests short

    def _changed_files(self) -> dict[str, str]:
        """Return the files of the proxy as planned, none when it runs with these already."""
        if self._plan is None:
            return {}
        files = {
            "bootstrap.json": bootstrap(self.settings, self._session.layout),
            "door.json": self.settings.to_json(),
            **self._plan.runtime.proxy(self.settings).items(),
        }
        return {} if self._runs and self._is_up_to_date(files) else files

    def _change(self, files: dict[str, str]) -> None:
        """Replace the proxy by what was prepared: one command, so that nothing can come between."""
        session, front = self._session, self._session.layout.front
        if self._runs:
            session.progress.step("Restart the proxy: it is another one now; open connections end here")
            save = quoted("rm -rf before && mkdir before && cp -p {} before/ && sh stop && ", list(files))
            self._changed = True
        else:
            save = ""
        session.node.run(quoted("cd {} && ", front) + save + "cp -p next/* . && rm -rf next && sh start")
        self._require_start()

    def _is_up_to_date(self, files: dict[str, str]) -> bool:
        front = self._session.layout.front
        names = [name for name in files if name != "door.json"]
        command = quoted("cd {} && cat {}", front, names)
        answer = self._session.node.run(
            command, check=False, supposing="".join(files[name] for name in names)
        )
        return answer.output == "".join(files[name] for name in names)

    def _start(self) -> None:
        self._session.node.run(quoted("sh {}/start", self._session.layout.front))
        self._require_start()

    def _require_start(self) -> None:
        session = self._session
        session.progress.step(f"Open the proxy on {self.settings.address}, ports {self.settings.ports.all()}")
        alive = quoted("sh {}/alive", session.layout.front)
        session.checks.until(
            lambda: self._answers() or session.node.run(alive, check=False).code != 0, _START_S
        )
        if not self._answers():
            log = session.node.run(quoted("sh {}/log", session.layout.front), check=False).output
            raise ProxyError(f"proxy: expected Envoy to start, it did not. Its log ends:\n{_tail(log)}")

    def _revert(self, old: Release | None) -> None:
        """Lead everything back to the release before; without one, stop it."""
        session, state, front = self._session, self._state, self._session.layout.front
        session.progress.step(f"Switch the proxy back to {old.id}" if old else "Close the proxy again")
        session.node.run(links_command(session.layout.root, state.current, state.previous))
        if old:
            self._write_clusters([old])
            if self._changed:
                session.node.run(quoted("cd {} && sh stop; cp -p before/* . && sh start", front))
        else:
            session.node.run(quoted("if [ -f {0}/stop ]; then sh {0}/stop; fi", front))

    def _write_clusters(self, releases: Sequence[Release]) -> None:
        self._session.node.write(f"{self._session.layout.front}/clusters.json", clusters(releases))

    def _require_taken(self, what: str, release: Release, taken: Callable[[Release], bool]) -> None:
        if not self._session.checks.until(lambda: taken(release), _TAKE_S):
            log = self._session.node.run(quoted("sh {}/log", self._session.layout.front), check=False).output
            raise ProxyError(
                f"proxy: expected Envoy to take the {what} of {release.id}, it does not. Its log ends:\n"
                f"{_tail(log)}"
            )

    def _answers(self) -> bool:
        try:
            return self._ask("/ready").strip() in ("LIVE", "")
        except ProxyError:
            return False

    def _ready(self) -> bool:
        return self._session.checks.ready(self.settings.reachable_address, self.settings.ports)

    def _has_clusters(self, release: Release) -> bool:
        answer = self._ask("/config_dump?resource=dynamic_active_clusters")
        return not answer or all(
            f'"{cluster_name(release.id, protocol)}"' in answer for protocol in PROTOCOLS
        )

    def _has_routes(self, release: Release) -> bool:
        answer = self._ask("/config_dump?resource=dynamic_route_configs")
        if not answer:
            return True
        versions = [config.get("version_info") for config in json.loads(answer).get("configs", [])]
        return len(versions) == len(PROTOCOLS) and set(versions) == {release.id}

    def _ask(self, path: str) -> str:
        return self._session.checks.envoy(self._session.layout.admin_socket, path)


def links_command(root: str, current: str | None, previous: str | None) -> str:
    """Return the command that sets both links, each at once; None removes one.

    Envoy watches the root folder: the moment in which `current` is renamed is the switch.
    """
    steps = [quoted("cd {}", root)]
    for link, target in (("current", current), ("previous", previous)):
        if target is None:
            steps.append(f"rm -f {link}")
        else:
            steps.append(quoted("ln -sfn {1} {0}.new && mv -Tf {0}.new {0}", link, f"releases/{target}"))
    return " && ".join(steps)


def _tail(log: str) -> str:
    return "\n".join(log.strip().splitlines()[-10:])
