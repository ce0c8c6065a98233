"""`python -m deploy release`: copy the tree, prepare it, bring it into service, remove old ones."""

from __future__ import annotations

import getpass
import socket
from datetime import datetime, timezone

from deploy.activation import activate
from deploy.errors import DeployError
from deploy.facts import Facts, read_facts
from deploy.layout import Layout
from deploy.node import Node, quoted
from deploy.node_scripts import folders_command, node_scripts
from deploy.options import ReleaseOptions, Target
from deploy.ports import PortTriple, choose
from deploy.progress import Progress
from deploy.proxy import Proxy, ProxyPlan
from deploy.proxy_config import PROTOCOLS, routes
from deploy.proxy_routes import read_public_api
from deploy.proxy_settings import ProxySettings
from deploy.pruning import prune
from deploy.release import NodeState, Release, ReleaseState
from deploy.runtimes import Runtime, choose_runtime
from deploy.runtimes.container import ContainerRuntime
from deploy.runtimes.process import ProcessRuntime
from deploy.session import Session
from deploy.tree import copy_rules, release_id, require_tree, tree_commit, tree_size, tree_version
from deploy.working import alone, connected, current_state

_TOOLS = ("rsync", "flock", "setsid")


def release(target: Target, options: ReleaseOptions, progress: Progress) -> None:
    """Put a tree on a node and switch to it.

    Raises:
        DeployError: it did not come about; what served before still serves.
    """
    require_tree(options.source)
    with connected(target, options.smoke_test, progress) as (node, checks):
        progress.step(f"Look at {target.host}")
        facts = read_facts(node, target.root, with_docker=options.runtime == "container")
        facts.require(*_TOOLS)
        layout = Layout(facts.root)
        runtime = _runtime(node, layout, facts, options, progress)
        progress.note(f"{facts.root}; runtime {runtime.name}; GPU: {', '.join(facts.gpus) or 'none'}")
        node.run(folders_command(layout))
        for path, script in node_scripts(layout).items():
            node.write(path, script)
        with alone(node, layout, checks, progress, options.timeouts) as (session, state):
            settings = ProxySettings(options.address, options.ports, runtime.name, runtime.envoy())
            proxy = Proxy(session, state, ProxyPlan(settings, runtime))
            proxy.require_ports(facts)
            made = _copied(session, state, facts, runtime, options)
            try:
                runtime.prepare(made.release)
                proxy.prepare(made.release)
            except DeployError as error:
                session.record(made, f"failed: {str(error).splitlines()[0]}")
                raise
            activate(session, proxy, made, state)
            prune(session, current_state(node, layout), options.keep)
        progress.step(
            f"{made.release.id} serves on {target.host}: HTTP {settings.ports.http}, "
            f"gRPC {settings.ports.grpc}, metrics {settings.ports.metrics}"
        )


def _copied(
    session: Session, state: NodeState, facts: Facts, runtime: Runtime, options: ReleaseOptions
) -> ReleaseState:
    """Copy the tree and write everything that belongs to the release beside it."""
    node, layout = session.node, session.layout
    commit = tree_commit(options.source)
    api = read_public_api(options.source, options.body_limit_mib << 20)
    made = Release(
        id=release_id(commit),
        commit=commit,
        version=tree_version(options.source),
        created_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        created_by=f"{getpass.getuser()}@{socket.gethostname()}",
        runtime=runtime.name,
        model_config_name=options.served_config(has_gpu=_gpus(facts, options) is not None),
        ports=_inner_ports(state, facts, options),
        environment=runtime.environment(),
    )
    folder = layout.release(made.id)
    session.progress.step(f"Copy {options.source} as {made.id}")
    facts.require_space(tree_size(options.source))
    unchanged = f"{layout.current}/tree" if state.current else None
    session.progress.note(node.copy(options.source, copy_rules(), layout.incoming, unchanged))
    node.run(quoted("mkdir -p {} && mv {} {}", folder.routes, layout.incoming, folder.tree))
    for protocol in PROTOCOLS:
        node.write(f"{folder.routes}/{protocol}.json", routes(made, protocol, api))
    for name, script in runtime.server(made).items().items():
        node.write(folder.script(name), script)
    node.write(folder.record, made.to_json())
    return ReleaseState(made)


def _inner_ports(state: NodeState, facts: Facts, options: ReleaseOptions) -> PortTriple:
    taken = set(facts.listening) | set(options.ports.all())
    for found in state.releases:
        taken.update(found.release.ports.all())
    return choose(options.inner_port, taken)


def _gpus(facts: Facts, options: ReleaseOptions) -> str | None:
    """Return Docker's --gpus, None without a GPU to serve from."""
    if options.gpus == "none" or not (facts.gpus and _is_container(facts, options)):
        return None
    return options.gpus or "all"


def _is_container(facts: Facts, options: ReleaseOptions) -> bool:
    return choose_runtime(options.runtime, facts) == "container"


def _runtime(
    node: Node, layout: Layout, facts: Facts, options: ReleaseOptions, progress: Progress
) -> Runtime:
    if _is_container(facts, options):
        gpus = _gpus(facts, options)
        return ContainerRuntime(node, layout, facts, options.source, progress, gpus, options.envoy)
    return ProcessRuntime(node, layout, facts, options.source, progress, options.python, options.envoy)
