"""The front door of a node: Envoy on the public ports, which is told where the serving release listens."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from deploy.door import Door
from deploy.envoy_config import PROTOCOLS, bootstrap, cluster_name, clusters
from deploy.errors import DeployError, FrontDoorError, NodeCommandError, PortTakenError
from deploy.facts import Facts
from deploy.node import quoted
from deploy.release import NodeState, Release
from deploy.runtimes import Runtime
from deploy.visit import Visit

_TAKE_S = 15.0
_START_S = 30.0
_SETTLE_S = 1.0  # until every thread of Envoy follows the new routes


@dataclass(frozen=True)
class DoorPlan:
    """A front door as it shall be."""

    door: Door
    runtime: Runtime


class FrontDoor:
    """The front door of the visited node.

    Args:
        visit: the node.
        state: what it was before.
        plan: how the front door shall be; None leaves it as it is.
    """

    def __init__(self, visit: Visit, state: NodeState, plan: DoorPlan | None) -> None:
        self._visit = visit
        self._state = state
        self._plan = plan
        self._runs = state.door_runs
        self._prepared: dict[str, str] = {}  # its files, where it shall be another one
        self._changed = False  # whether another one was put in its place
        door = plan.door if plan else state.door
        if door is None:
            raise FrontDoorError(
                "front door: expected one from an earlier deploy, found none; run `make deploy` first."
            )
        self.door = door

    def require_ports(self, facts: Facts) -> None:
        """Raise PortTakenError when something else listens on a public port."""
        own = self._state.door.ports.all() if self._state.door and self._runs else ()
        for port in self.door.ports.all():
            if port in facts.listening and port not in own:
                raise PortTakenError(
                    f"port {port} on the node: expected it to be free for the front door, something else "
                    f"listens there; find it with `ss -ltnp 'sport = :{port}'` and stop it, or choose others "
                    "(--http-port, --grpc-port, --metrics-port)."
                )

    def prepare(self, new: Release) -> None:
        """Put everything for another front door beside the one that runs, if it shall be another one.

        Args:
            new: release that brings it.

        Raises:
            FrontDoorError: Envoy refuses its configuration.
        """
        visit, front, files = self._visit, self._visit.layout.front, self._changed_files()
        if self._plan is None or not files:
            return
        visit.progress.step("Prepare another front door" if self._runs else "Prepare the front door")
        runtime = self._plan.runtime
        runtime.prepare_front_door(visit.layout.release(new.id).tree)
        visit.node.run(quoted("mkdir -p {}", f"{front}/next"))
        for name, content in files.items():
            visit.node.write(f"{front}/next/{name}", content)
        if self._runs:  # Envoy needs the routes of a release that serves
            try:
                visit.node.run(runtime.validate_command(self.door, f"{front}/next/bootstrap.json"))
            except NodeCommandError as error:
                raise FrontDoorError(f"front door: Envoy refuses its configuration.\n{error}") from error
        self._prepared = files

    def switch(self, new: Release, old: Release | None) -> None:
        """Lead all new requests to a release; those under way stay where they are.

        Args:
            new: its server is ready.
            old: the release whose server still answers requests, if there is one.

        Raises:
            FrontDoorError: it did not come about; everything is as it was before.
        """
        visit, state = self._visit, self._state
        try:
            visit.progress.step(f"Switch the front door to {new.id}")
            self._write_clusters([release for release in (old, new) if release])
            if self._runs:
                self._require_taken("clusters", new, self._has_clusters)
            visit.node.run(links_command(visit.layout.root, new.id, state.current or state.previous))
            if self._prepared:
                self._change(self._prepared)
            elif not self._runs:
                self._start()
            self._require_taken("routes", new, self._has_routes)
            if not visit.checks.until(self._ready, _TAKE_S):
                raise FrontDoorError(
                    f"front door: expected {new.id} to answer on ports {self.door.ports.all()}, got no "
                    "answer."
                )
        except DeployError:
            self._revert(old)
            raise

    def drained(self, release: Release) -> bool:
        """Wait until Envoy has no request left at a release; return whether that came in time."""
        self._visit.checks.pause(_SETTLE_S)
        return self._visit.checks.until(lambda: self._is_idle(release), self._visit.patience.drain_s)

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
        except FrontDoorError:
            return False  # asked again: one answer that stays away must not cut requests short

    def _changed_files(self) -> dict[str, str]:
        """Return the files of the front door as planned, none when it runs with these already."""
        if self._plan is None:
            return {}
        files = {
            "bootstrap.json": bootstrap(self.door, self._visit.layout),
            "door.json": self.door.to_json(),
            **self._plan.runtime.front_door(self.door).items(),
        }
        return {} if self._runs and self._is_up_to_date(files) else files

    def _change(self, files: dict[str, str]) -> None:
        """Replace the front door by what was prepared: one command, so that nothing can come between."""
        visit, front = self._visit, self._visit.layout.front
        if self._runs:
            visit.progress.step("Restart the front door: it is another one now; open connections end here")
            save = quoted("rm -rf before && mkdir before && cp -p {} before/ && sh stop && ", list(files))
            self._changed = True
        else:
            save = ""
        visit.node.run(quoted("cd {} && ", front) + save + "cp -p next/* . && rm -rf next && sh start")
        self._require_start()

    def _is_up_to_date(self, files: dict[str, str]) -> bool:
        front = self._visit.layout.front
        names = [name for name in files if name != "door.json"]
        command = quoted("cd {} && cat {}", front, names)
        answer = self._visit.node.run(command, check=False, supposing="".join(files[name] for name in names))
        return answer.output == "".join(files[name] for name in names)

    def _start(self) -> None:
        self._visit.node.run(quoted("sh {}/start", self._visit.layout.front))
        self._require_start()

    def _require_start(self) -> None:
        visit = self._visit
        visit.progress.step(f"Open the front door on {self.door.address}, ports {self.door.ports.all()}")
        alive = quoted("sh {}/alive", visit.layout.front)
        visit.checks.until(lambda: self._answers() or visit.node.run(alive, check=False).code != 0, _START_S)
        if not self._answers():
            log = visit.node.run(quoted("sh {}/log", visit.layout.front), check=False).output
            raise FrontDoorError(
                f"front door: expected Envoy to start, it did not. Its log ends:\n{_tail(log)}"
            )

    def _revert(self, old: Release | None) -> None:
        """Lead everything back to the release before; without one, close the door."""
        visit, state, front = self._visit, self._state, self._visit.layout.front
        visit.progress.step(
            f"Switch the front door back to {old.id}" if old else "Close the front door again"
        )
        visit.node.run(links_command(visit.layout.root, state.current, state.previous))
        if old:
            self._write_clusters([old])
            if self._changed:
                visit.node.run(quoted("cd {} && sh stop; cp -p before/* . && sh start", front))
        else:
            visit.node.run(quoted("if [ -f {0}/stop ]; then sh {0}/stop; fi", front))

    def _write_clusters(self, releases: Sequence[Release]) -> None:
        self._visit.node.write(f"{self._visit.layout.front}/clusters.json", clusters(releases))

    def _require_taken(self, what: str, release: Release, taken: Callable[[Release], bool]) -> None:
        if not self._visit.checks.until(lambda: taken(release), _TAKE_S):
            log = self._visit.node.run(quoted("sh {}/log", self._visit.layout.front), check=False).output
            raise FrontDoorError(
                f"front door: expected Envoy to take the {what} of {release.id}, it does not. Its log ends:\n"
                f"{_tail(log)}"
            )

    def _answers(self) -> bool:
        try:
            return self._ask("/ready").strip() in ("LIVE", "")
        except FrontDoorError:
            return False

    def _ready(self) -> bool:
        return self._visit.checks.ready(self.door.reachable_address, self.door.ports)

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
        return self._visit.checks.envoy(self._visit.layout.admin_socket, path)


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
