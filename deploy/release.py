"""`python -m deploy release`: copy the tree, prepare it, activate it, remove old releases."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import astuple
from datetime import datetime, timezone

from deploy.activation import activate
from deploy.errors import DeployError, UsageError
from deploy.facts import Facts, read_facts
from deploy.layout import NodeLayout
from deploy.lock import operator
from deploy.node import quoted
from deploy.options import Destination, ReleaseOptions
from deploy.progress import Progress
from deploy.proxy import Proxy
from deploy.proxy_config import GATEWAY, PROTOCOLS, routes
from deploy.proxy_routes import read_public_api
from deploy.runtimes import Runtime, choose_runtime
from deploy.session import NodeSession, connected, locked
from deploy.state import NodeState, ProxySettings, Release, ReleaseState, read_state, to_json
from deploy.tree import release_id, require_tree, tree_commit, tree_size, tree_version
from tritone.server import Ports

_TOOLS = ("rsync", "flock", "setsid")
_REMOVE_S = 300.0


def release(target: Destination, options: ReleaseOptions, progress: Progress) -> None:
    """Copy a tree to a node and switch to it.

    Raises:
        DeployError: it failed; the release that served before still serves.
    """
    require_tree(options.source)
    with connected(target, options.smoke_test, progress) as (node, checks):
        progress.step(f"Inspect {target.host}")
        facts = read_facts(node, target.root, with_docker=options.runtime == "container")
        facts.require(*_TOOLS)
        layout = NodeLayout(facts.root)
        runtime = choose_runtime(options.runtime, facts)(node, layout, facts, options, progress)
        progress.note(f"{facts.root}; runtime {runtime.name}; GPU: {', '.join(facts.gpus) or 'none'}")
        node.run(layout.folders_command())
        for path, script in layout.scripts().items():
            node.write(path, script)
        with locked(node, layout, checks, progress, options.timeouts) as (session, state):
            settings = ProxySettings(
                options.address, options.ports, runtime.name, runtime.envoy, options.gateway_port
            )
            proxy = Proxy(session, state, settings, runtime)
            proxy.require_ports(facts)
            new = _copy(session, state, facts, runtime, options)
            try:
                runtime.prepare(new.release)
                if new.release.gateway_port is not None:
                    require_key(session, runtime, new.release)
                proxy.prepare(new.release)
            except DeployError as error:
                session.record(new, f"failed: {str(error).splitlines()[0]}")
                raise
            activate(session, proxy, new, state)
            prune(session, read_state(node, layout), options.keep)
        ports = settings.ports
        progress.step(
            f"{new.release.id} serves on {target.host}: HTTP {ports.http}, gRPC {ports.grpc}, "
            f"metrics {ports.metrics}"
            + (f", gateway {settings.gateway_port}" if settings.gateway_port else "")
        )


def _copy(
    session: NodeSession, state: NodeState, facts: Facts, runtime: Runtime, options: ReleaseOptions
) -> ReleaseState:
    """Copy the tree, and write the release's other files beside it."""
    node, layout = session.node, session.layout
    commit = tree_commit(options.source)
    own = [options.ports, *(found.release.ports for found in state.releases)]
    gateways = {found.release.gateway_port for found in state.releases} | {options.gateway_port}
    taken = facts.listening.union(*map(astuple, own), gateways - {None})
    ports = inner_ports(options.inner_port, taken)
    api = read_public_api(options.source, options.body_limit_mib << 20)
    new = Release(
        id=release_id(commit),
        commit=commit,
        version=tree_version(options.source),
        created_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        created_by=operator(),
        runtime=runtime.name,
        model_config_name=options.served_config(has_gpu=runtime.gpus is not None),
        ports=ports,
        environment=runtime.environment,
        gateway_port=None if options.gateway_port is None else gateway_port(ports, taken),
    )
    folder = layout.release(new.id)
    session.progress.step(f"Copy {options.source} as {new.id}")
    facts.require_space(tree_size(options.source))
    unchanged = f"{layout.current}/tree" if state.current else None
    session.progress.note(node.copy(options.source, layout.incoming, unchanged))
    node.run(quoted("mkdir -p {} && mv {} {}", folder.routes, layout.incoming, folder.tree))
    for protocol in (*PROTOCOLS, GATEWAY):
        node.write(f"{folder.routes}/{protocol}.json", routes(new, protocol, api))
    for name, script in vars(runtime.server_scripts(new)).items():
        node.write(folder.script(name), script)
    node.write(folder.record, to_json(new))
    return ReleaseState(new)


def inner_ports(first: int, taken: Collection[int]) -> Ports:
    """Return the first three consecutive ports from `first` on that are not taken.

    Raises:
        UsageError: none within 300 ports.
    """
    for http in range(first, min(first + 300, 65533), 3):
        ports = Ports(http, http + 1, http + 2)
        if not set(astuple(ports)) & set(taken):
            return ports
    raise UsageError(
        f"--inner-port: expected three free ports from {first} on, all up to {first + 299} are in use on the "
        "node; choose another range."
    )


def gateway_port(ports: Ports, taken: Collection[int]) -> int:
    """Return the first port after those of a server that is not taken, for its gateway."""
    return next(port for port in range(ports.metrics + 1, 65536) if port not in taken)


def require_key(session: NodeSession, runtime: Runtime, release: Release) -> None:
    """Make a key for the gateway if the node has none, and show it: nobody could call without one."""
    listed = session.node.run(runtime.gateway_command(release, "keys", "list", "--json"), dry_run_output="{}")
    if listed.output.strip():
        return
    key = session.node.run(runtime.gateway_command(release, "keys", "create", "first")).output.strip()
    session.progress.note(f"first key for the gateway, shown only now: {key.splitlines()[0]}")


def removable(state: NodeState, keep: int) -> list[Release]:
    """Return the releases to remove: all but the newest `keep`, the serving one and the one before.

    Args:
        state: of the node.
        keep: how many to keep, those two included.
    """
    spared = {state.current, state.previous}
    others = [found for found in state.releases if found.release.id not in spared and not found.runs]
    kept = len(state.releases) - len(others)
    newest_first = [found.release for found in reversed(others)]
    return newest_first[max(0, keep - kept) :]


def unused_environments(state: NodeState, removed: list[Release]) -> list[str]:
    """Return the environments that neither a kept release nor the proxy uses."""
    kept = [found.release for found in state.releases if found.release not in removed]
    used = {release.environment for release in kept}
    envoy = state.proxy.envoy if state.proxy else ""
    return [
        name
        for name in state.environments
        if name.startswith(("node-", "front-door-")) and name not in used and f"/{name}/" not in envoy
    ]


def prune(session: NodeSession, state: NodeState, keep: int) -> None:
    """Remove old releases, and environments that are no longer used."""
    removed = removable(state, keep)
    unused = unused_environments(state, removed)
    if not removed and not unused:
        return
    session.progress.step(f"Remove {', '.join([release.id for release in removed] + unused)}")
    for release in removed:
        folder = session.layout.release(release.id)
        command = quoted("sh {}; rm -rf {}", folder.script("discard"), folder.path)
        session.node.run(command, timeout_s=_REMOVE_S)
    for name in unused:
        environment = f"{session.layout.environments}/{name}"
        session.node.run(quoted("rm -rf {}", environment), timeout_s=_REMOVE_S)
