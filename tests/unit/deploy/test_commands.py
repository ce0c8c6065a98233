"""The commands without a node: quoting, options, scripts on the node, the steps of a dry run."""

from __future__ import annotations

import io
import json
import shlex
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from deploy.__main__ import main
from deploy.errors import NoReleaseError, UsageError
from deploy.layout import Layout
from deploy.lock import lock_command
from deploy.node import quoted
from deploy.options import ReleaseOptions, Target
from deploy.ports import PortTriple
from deploy.progress import Progress
from deploy.proxy import links_command
from deploy.release import release, removable, unused_environments
from deploy.rollback import choose_release
from deploy.runtimes.process import environment_hash, process_scripts
from deploy.smoke import SmokeTest, demo_recordings
from deploy.state import NodeState, Release, ReleaseState, from_json, to_json
from deploy.status import Status
from deploy.tree import ROOT, copy_command, copy_rules, release_id, require_tree

AWKWARD = "a folder/with 'quotes' $HOME `id` ; & *"


def a_release(name="a", **changes):
    ports = PortTriple(18000, 18001, 18002)
    return replace(Release(name, "abc", "0.1.0", "", "", "process", None, ports), **changes)


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
    wanted = [
        "tritone/a.py",
        "model_repository/m/1/model.onnx",
        "ensembles/e/1/.gitkeep",
        "Makefile",
        ".dockerignore",
    ]
    unwanted = [
        ".git/config",
        ".venv/bin/python",
        "training/data/x",
        "perf/results/y",
        "tritone/__pycache__/a.pyc",
    ]
    unwanted += [
        "model_repository/m/1/model.plan",
        "model_repository/m/1/model.plan.json",
        "checkpoints/z.nemo",
    ]
    unwanted += ["clients/src/x.egg-info/PKG", ".env", "secrets.txt"]
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
    from datetime import datetime, timezone

    early = release_id("fff", datetime(2026, 1, 31, 23, 59, 59, tzinfo=timezone.utc))
    late = release_id("000-dirty", datetime(2026, 2, 1, tzinfo=timezone.utc))
    assert early == "20260131-235959-fff"
    assert early < late


@pytest.mark.parametrize("host", ["-oProxyCommand=x", "a b", "", "node;id"])
def test_host_that_ssh_could_take_for_an_option_is_refused(host):
    with pytest.raises(UsageError, match="HOST: expected user@node"):
        Target(host)


@pytest.mark.parametrize("root", ["", "/", "~/x", "../up", "a/../../b"])
def test_invalid_root_folder_is_refused(root):
    with pytest.raises(UsageError, match="--root"):
        Target("node", root)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"keep": 1}, "--keep: expected 2 or more"),
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
    for name in ("node.txt", "triton.txt", "deploy.txt"):
        (requirements / name).write_text(name)
    before = environment_hash(tmp_path, "node"), environment_hash(tmp_path, "front-door")
    (requirements / "node.txt").write_text("other")
    after = environment_hash(tmp_path, "node"), environment_hash(tmp_path, "front-door")
    assert before[0] != after[0]
    assert before[1] == after[1]


def sh(command, **options):
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, **options)


def test_links_are_set_and_removed(tmp_path):
    root = tmp_path / "a root"
    root.mkdir()
    sh(links_command(str(root), "new", "old"), check=True)
    assert [str((root / name).readlink()) for name in ("current", "previous")] == [
        "releases/new",
        "releases/old",
    ]
    sh(links_command(str(root), "old", None), check=True)
    assert str((root / "current").readlink()) == "releases/old"
    assert not (root / "previous").is_symlink()


def test_tidy_stops_only_servers_that_do_not_serve(tmp_path):
    layout = Layout(str(tmp_path / "a root"))
    root = tmp_path / "a root"
    for name, alive in (("served", 0), ("left", 0), ("ended", 1)):
        folder = root / "releases" / name
        folder.mkdir(parents=True)
        (folder / "alive").write_text(f"exit {alive}")
        (folder / "stop").write_text(f"touch {shlex.quote(str(folder))}/stopped")
    (root / "current").symlink_to("releases/served")
    output = sh(layout.scripts()[layout.tidy], check=True).stdout
    assert [path.parent.name for path in root.glob("releases/*/stopped")] == ["left"]
    assert "stopping releases/left" in output


def test_tidy_does_nothing_in_an_empty_root(tmp_path):
    layout = Layout(str(tmp_path))
    done = sh(layout.scripts()[layout.tidy])
    assert (done.returncode, done.stdout) == (0, "")


def test_admin_key_is_created_once_and_readable_by_the_user_only(tmp_path):
    command = Layout(str(tmp_path)).folders_command()
    sh(command, check=True)
    key = (tmp_path / "admin-key").read_text()
    assert len(key) == 48
    assert (tmp_path / "admin-key").stat().st_mode & 0o77 == 0
    sh(command, check=True)
    assert (tmp_path / "admin-key").read_text() == key


def test_lock_that_is_not_released_cleans_up(tmp_path):
    (tmp_path / "tidy").write_text(f"touch {tmp_path}/tidied")
    (tmp_path / "up").write_text("")
    command = lock_command(Layout(str(tmp_path)))
    assert sh(command, input="heartbeat\nrelease\n").stdout == "held\n"
    assert not (tmp_path / "tidied").exists()
    assert sh(command, input="heartbeat\n").stdout == "held\n"
    assert (tmp_path / "tidied").exists()
    assert not (tmp_path / "lock.owner").exists()


@pytest.fixture
def sleeper(tmp_path):
    """Scripts of a process that only sleeps, in paths with spaces."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    scripts = process_scripts("setsid sleep 60", str(folder), str(tmp_path / "the server"))
    yield scripts
    sh(scripts.stop)


def test_process_outlives_the_shell_that_starts_it_and_is_stopped(sleeper):
    assert sh(sleeper.alive).returncode != 0
    sh(sleeper.start, check=True)
    alive = sh(sleeper.alive)
    assert alive.returncode == 0
    started_s, restarts = map(int, alive.stdout.split())
    assert (abs(started_s - time.time()) < 60, restarts) == (True, 0)
    sh(sleeper.stop, check=True)
    assert sh(sleeper.alive).returncode != 0
    assert sh(sleeper.stop).returncode == 0


def test_other_process_with_a_reused_pid_is_not_stopped(sleeper, tmp_path):
    other = subprocess.Popen(["sleep", "60"], cwd="/")
    (tmp_path / "the server.pid").write_text(str(other.pid))
    assert sh(sleeper.alive).returncode != 0
    sh(sleeper.stop)
    assert other.poll() is None
    other.kill()
    other.wait()


def test_log_of_the_previous_start_is_kept(sleeper, tmp_path):
    (tmp_path / "the server.log").write_text("why it ended\n")
    sh(sleeper.start, check=True)
    assert (tmp_path / "the server.log.old").read_text() == "why it ended\n"
    assert sh(sleeper.log).stdout == ""


def test_lock_without_heartbeat_cleans_up(tmp_path):
    (tmp_path / "tidy").write_text(f"touch {tmp_path}/tidied")
    (tmp_path / "up").write_text("")
    holder = subprocess.Popen(
        ["sh", "-c", lock_command(Layout(str(tmp_path)), stale_s=1)], stdin=subprocess.PIPE
    )
    try:
        assert holder.wait(20) == 0
    finally:
        holder.kill()
    assert (tmp_path / "tidied").exists()
    assert not (tmp_path / "lock.owner").exists()


def test_lock_is_kept_by_its_heartbeat(tmp_path):
    holders = []
    for shell in ("sh", "bash --posix"):
        folder = tmp_path / shell.replace(" ", "")
        folder.mkdir()
        command = [*shell.split(), "-c", lock_command(Layout(str(folder)), stale_s=1)]
        holders.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        assert holders[-1].stdout.readline() == "held\n"
    for _ in range(15):
        for holder in holders:
            holder.stdin.write("heartbeat\n")
            holder.stdin.flush()
        time.sleep(0.2)
    for holder in holders:
        assert holder.poll() is None
        holder.communicate("release\n", timeout=10)
        assert holder.returncode == 0


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
    release(Target("user@node", dry_run=True), options, Progress(commands=True, stream=printed))
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
    done = sh(f"{{ {command}; echo ended with $? >&2; }} | head -1", cwd=ROOT)
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
