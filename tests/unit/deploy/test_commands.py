"""The commands without a node: quoting, options, pruning, rollback, the steps of a dry run."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import datetime, timezone

import pytest

from deploy.__main__ import main
from deploy.errors import NoReleaseError, UsageError
from deploy.node import quoted
from deploy.options import Destination, ReleaseOptions
from deploy.progress import Progress
from deploy.release import release, removable, unused_environments
from deploy.rollback import choose_release
from deploy.runtimes.process import environment_hash
from deploy.smoke import SmokeTest, demo_recordings
from deploy.state import NodeState, Release, ReleaseState, from_json, to_json
from deploy.status import Status
from deploy.tree import ROOT, copy_command, copy_rules, release_id, require_tree
from tritone.server import Ports

from .releases import a_release

AWKWARD = "a folder/with 'quotes' $HOME `id` ; & *"


def test_quoted_values_reach_the_shell_unchanged():
    command = quoted("printf '%s\\n' {} {}", AWKWARD, [AWKWARD, "b c"])
    printed = subprocess.run(["sh", "-c", command], capture_output=True, text=True).stdout
    assert printed.splitlines() == [AWKWARD, AWKWARD, "b c"]


def test_copy_uses_the_given_connection_and_links_unchanged_files():
    command = copy_command("user@node", ["ssh", "-S", "/a b"], ROOT, "/r/new", "/r/old/tree")
    assert command[0] == "rsync"
    assert {"--checksum", "--delete", "--link-dest=/r/old/tree", "--rsh=ssh -S '/a b'"} <= set(command)
    assert command[-2:] == [f"{ROOT}/", "user@node:/r/new/"]
    assert not any("--link-dest" in part for part in copy_command("n", ["ssh"], ROOT, "/t", None))


def test_only_what_a_node_needs_is_copied(tmp_path):
    tree = tmp_path / "tree"
    wanted = ["tritone/a.py", "model_repository/m/1/model.onnx", "ensembles/e/1/.gitkeep"]
    wanted += ["model_repository/m/1/model.onnx.data"]
    unwanted = [".git/config", ".venv/bin/python", "training/data/x", "perf/results/y", ".env", "secrets.txt"]
    unwanted += ["tritone/__pycache__/a.pyc", "clients/src/x.egg-info/PKG", "checkpoints/z.nemo"]
    unwanted += ["model_repository/m/1/model.plan", "model_repository/m/1/model.plan.json"]
    wanted += ["Makefile", ".dockerignore"]
    for name in wanted + unwanted:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("x")
    if subprocess.run(["sh", "-c", "command -v rsync"], capture_output=True).returncode:
        pytest.skip("rsync is not installed: make test-packages")
    subprocess.check_call(["rsync", "-a", *copy_rules(), f"{tree}/", f"{tmp_path}/copy/"])
    copied = {
        str(path.relative_to(tmp_path / "copy")) for path in (tmp_path / "copy").rglob("*") if path.is_file()
    }
    assert copied == set(wanted)


def test_source_that_is_not_a_checkout_is_refused(tmp_path):
    with pytest.raises(UsageError, match="expected a checkout of this project"):
        require_tree(tmp_path)


def test_release_ids_sort_by_time():
    early = release_id("fff", datetime(2026, 1, 31, 23, 59, 59, tzinfo=timezone.utc))
    late = release_id("000-dirty", datetime(2026, 2, 1, tzinfo=timezone.utc))
    assert early == "20260131-235959-fff"
    assert early < late


@pytest.mark.parametrize("host", ["-oProxyCommand=x", "a b", "", "node;id"])
def test_host_that_ssh_could_take_for_an_option_is_refused(host):
    with pytest.raises(UsageError, match="HOST: expected user@node"):
        Destination(host)


@pytest.mark.parametrize("root", ["", "/", "~/x", "../up", "a/../../b"])
def test_invalid_root_folder_is_refused(root):
    with pytest.raises(UsageError, match="--root"):
        Destination("node", root)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"keep": 1}, "--keep: expected 2 or more"),
        ({"ports": Ports(8000, 8000, 8002)}, "ports: expected three different ones"),
        ({"ports": Ports(8000, 8001, 70_000)}, "from 1 to 65535"),
        ({"model_config_name": "../x"}, "--model-config-name: expected a name"),
        ({"smoke_test": SmokeTest([ROOT / "none.wav"])}, "--recording: expected a file"),
    ],
)
def test_invalid_options_are_refused(changes, message):
    fields = {"source": ROOT, "smoke_test": SmokeTest(demo_recordings())}
    with pytest.raises(UsageError, match=message):
        ReleaseOptions(**{**fields, **changes})


@pytest.mark.parametrize(
    ("name", "gpu", "served"),
    [(None, True, "tensorrt"), (None, False, None), ("int8", False, "int8"), ("none", True, None)],
)
def test_config_variant_depends_on_the_gpu_unless_given(name, gpu, served):
    options = ReleaseOptions(ROOT, SmokeTest(demo_recordings()), model_config_name=name)
    assert options.served_config(gpu) == served


def test_environment_is_named_after_its_lock_files(tmp_path):
    requirements = tmp_path / "requirements"
    requirements.mkdir()
    for name in ("node.txt", "triton.txt", "gateway.txt", "deploy.txt"):
        (requirements / name).write_text(name)
    before = environment_hash(tmp_path, "node"), environment_hash(tmp_path, "front-door")
    (requirements / "node.txt").write_text("other")
    after = environment_hash(tmp_path, "node"), environment_hash(tmp_path, "front-door")
    assert before[0] != after[0]
    assert before[1] == after[1]


def state_of(*names, current=None, previous=None, **changes):
    return NodeState(tuple(ReleaseState(a_release(name)) for name in names), current, previous, **changes)


def test_newest_releases_are_kept_with_the_current_and_previous_one():
    state = state_of("1", "2", "3", "4", "5", current="2", previous="1")
    assert [each.id for each in removable(state, keep=3)] == ["4", "3"]
    assert [each.id for each in removable(state, keep=2)] == ["5", "4", "3"]
    assert removable(state, keep=5) == []


def test_environment_is_removed_with_the_last_release_that_used_it():
    old, new = a_release("1", environment="node-old"), a_release("2", environment="node-new")
    state = NodeState(
        (ReleaseState(old), ReleaseState(new)), "2", environments=("node-new", "node-old", "python")
    )
    assert unused_environments(state, []) == []
    assert unused_environments(state, [old]) == ["node-old"]


def test_rollback_switches_to_the_previous_or_the_given_release():
    state = state_of("1", "2", "3", current="3", previous="2")
    assert choose_release(state, None).release.id == "2"
    assert choose_release(state, "1").release.id == "1"
    for wanted in ("3", "nothing"):
        with pytest.raises(NoReleaseError):
            choose_release(state, wanted)
    with pytest.raises(NoReleaseError, match="the node has: 1"):
        choose_release(state_of("1", current="1"), "0")
    with pytest.raises(NoReleaseError):
        choose_release(state_of("1", current="1"), None)


def test_status_gives_the_remedy_when_the_serving_release_is_not_running():
    text = Status(state_of("1", current="1"), (), ready=False).to_text("user@node")
    assert "user@node: does not serve" in text
    assert "should serve, but its server is not running: make deploy, or sh up on the node" in text


def dry_run(**changes):
    printed = io.StringIO()
    options = ReleaseOptions(ROOT, SmokeTest(demo_recordings()), **changes)
    release(Destination("user@node", dry_run=True), options, Progress(commands=True, stream=printed))
    return printed.getvalue()


def test_dry_run_of_processes_shows_every_step_in_order():
    text = dry_run(keep=2)
    steps = [
        "rsync --recursive",
        "tools/environment.py node /home/USER/tritone/environments/node-",
        " beside 20260101-000000-0000000000",
        "until ready",
        "Smoke test",
        "clusters.json becomes",
        "mv -Tf current.new current",
        "Drain 20260101-000000-0000000000",
        "sh /home/USER/tritone/releases/20260101-000000-0000000000/stop",
    ]
    positions = [text.index(step) for step in steps]
    assert positions == sorted(positions)


def test_dry_run_of_containers_shows_image_engines_and_server():
    text = dry_run(runtime="container")
    for words in (
        "docker build --quiet --file docker/Dockerfile --build-arg WEIGHTS=mounted --tag tritone:",
        "docker build --quiet --file docker/Dockerfile --build-arg WEIGHTS=mounted --target engines",
        " --repository /opt/tritone/model_repository --cache /engine-cache --allow-fallback",
        "--restart unless-stopped",
        "--gpus all",
        "--model-config-name tensorrt",
    ):
        assert words in text


def test_dry_run_needs_no_node(capsys, monkeypatch):
    monkeypatch.setenv("PATH", "")  # neither ssh nor rsync
    assert main(["release", "user@nowhere.invalid", "--dry-run"]) == 0
    assert main(["rollback", "user@nowhere.invalid", "--dry-run"]) == 0
    assert "20251231-000000-0000000000 serves on user@nowhere.invalid again" in capsys.readouterr().out


def test_deploy_continues_when_its_output_is_closed():
    command = f"{sys.executable} -m deploy release user@node --dry-run"
    pipe = f"{{ {command}; echo ended with $? >&2; }} | head -1"
    done = subprocess.run(["sh", "-c", pipe], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr == "ended with 0\n"


def test_wrong_usage_prints_no_traceback(capsys):
    assert main(["release", "user@node", "--keep", "0"]) == 2
    assert capsys.readouterr().err.startswith("deploy: --keep: expected 2 or more")


def test_arguments_of_ssh_come_from_the_environment(capsys, monkeypatch):
    monkeypatch.setenv("SSH_ARGS", "-p 2222 -i 'my key'")
    assert main(["release", "user@node", "--dry-run"]) == 0
    assert "--rsh=ssh -p 2222 -i '\"'\"'my key'\"'\"''" in capsys.readouterr().out


def test_record_of_a_release_round_trips():
    made = a_release(model_config_name="int8", environment="node-1")
    assert from_json(Release, to_json(made)) == made
    assert json.loads(to_json(made))["ports"]["grpc"] == 18001
