"""The Dockerfiles, without building them."""

import fnmatch
import json
import re

import pytest

from export.tensorrt import library
from tritone.server import ServerOptions

from .conftest import DOCKER, ROOT, read_dockerfile

FILES = {name: read_dockerfile(DOCKER / name) for name in ("Dockerfile", "export.Dockerfile")}
STAGES = {stage.name: stage for _, stages in FILES.values() for stage in stages}
IMAGES = ("server", "engines", "cpu", "gateway", "export")  # built and run; all other stages are intermediate
SERVERS = ("server", "cpu")
# Versions of Triton and TensorRT in NVIDIA's releases; add a line for an upgrade.
RELEASES = {"26.05": ("2.69.0", "10.16.1")}
OLDEST = "25.07"  # the first without a published vulnerability that lets callers write others' memory
MONTH = FILES["Dockerfile"][0]["TRITON_IMAGE"].partition(":")[2].removesuffix("-py3")
TRITON, TENSORRT = RELEASES[MONTH]


def lineage(stage):
    """A stage and its base stages, oldest first."""
    older = STAGES.get(stage.base)
    return [*(lineage(older) if older else ()), stage]


def effective(name, word):
    """The last arguments of an instruction in an image, inherited ones included."""
    return [arguments for stage in lineage(STAGES[name]) for arguments in stage.all(word)][-1]


def test_image_is_a_release_without_known_vulnerabilities():
    assert FILES["Dockerfile"][0]["TRITON_IMAGE"] == f"nvcr.io/nvidia/tritonserver:{MONTH}-py3"
    assert re.fullmatch(r"\d\d\.\d\d", MONTH)
    assert MONTH >= OLDEST
    assert f"TRITON_VERSION={TRITON}" in STAGES["native"].all("ARG")


def test_documents_name_the_servers_of_image_and_wheel():
    readme = (DOCKER / "README.md").read_text()
    # tests/server/test_metrics.py queries the bundled server itself.
    wheel = re.search(r"The Triton binary \(([\d.]+)\)", (ROOT / "requirements/triton.txt").read_text())[1]
    for image, version in (("tritone", TRITON), ("tritone-cpu", wheel)):
        assert f"| `{image}` | {version}, " in readme
    for text in (readme, (ROOT / "docs/operations.md").read_text(), (ROOT / "export/README.md").read_text()):
        assert MONTH in text


def test_client_speaks_the_servers_protocol():
    locked = re.search(r"^tritonclient==(\d+)\.(\d+)", (ROOT / "requirements/node.txt").read_text(), re.M)
    major, minor = map(int, locked.groups())
    served = tuple(map(int, TRITON.split(".")[:2]))
    assert major == served[0]
    assert (major, minor) >= served


def test_labels_name_the_base_and_the_projects_version():
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.M)[1]
    for file, (arguments, stages) in FILES.items():
        for stage in stages:
            if stage.name not in IMAGES:
                continue
            (label,) = stage.all("LABEL")
            base = "TRITON_IMAGE" if stage.base == "native" else "PYTHON_IMAGE"
            assert f'image.base.name="{arguments[base]}"' in label, file
            assert f'image.version="{version}"' in label
            for name in ("title", "description", "licenses", "revision"):
                assert f"org.opencontainers.image.{name}=" in label


def test_server_is_the_default_target():
    assert FILES["Dockerfile"][1][-1].name == "server"


@pytest.mark.parametrize("image", IMAGES)
def test_nothing_runs_as_root(image):
    user, group = effective(image, "USER").split(":")
    assert int(user) > 1000
    assert int(group) > 1000  # numeric, so that Kubernetes can verify it


@pytest.mark.parametrize("image", IMAGES)
def test_signals_reach_the_program_without_a_shell(image):
    command = json.loads(effective(image, "ENTRYPOINT"))
    assert "python3" in command
    assert effective(image, "STOPSIGNAL") == "SIGTERM"


@pytest.mark.parametrize("image", SERVERS)
def test_launcher_serves_other_machines_and_drains(image):
    command = json.loads(effective(image, "ENTRYPOINT"))
    assert command[-5:] == ["python3", "-m", "tritone.server", "--address", "0.0.0.0"]


@pytest.mark.parametrize("image", SERVERS)
def test_health_check_probes_the_pipelines_within_its_timeout(image):
    options, _, command = effective(image, "HEALTHCHECK").partition(" CMD ")
    given = dict(re.findall(r"--([a-z-]+)=(\d+)", options))
    words = json.loads(command)
    assert words[:3] == ["tritone", "health", "--probe"]
    deadline, whole = (int(words[words.index(option) + 1]) for option in ("--deadline", "--timeout"))
    assert deadline < whole < int(given["timeout"]) < int(given["interval"])
    assert int(given["start-period"]) >= 120  # full-size models load slowly


@pytest.mark.parametrize("image", SERVERS)
def test_weights_are_either_baked_or_mounted(image):
    (script,) = [run for run in STAGES[image].all("RUN") if "WEIGHTS" in run]
    assert "WEIGHTS=baked" in STAGES[image].all("ARG")
    assert re.search(r"baked\) cp .*;; +mounted\) mkdir .*;; +\*\) .*exit 1", script)


def test_every_package_is_locked_with_its_hash():
    for stage in FILES["Dockerfile"][1]:
        for run in stage.all("RUN"):
            for command in re.findall(r"-m pip\b[^&]*\b(?:install|wheel)\b[^&]*", run):
                locked = re.search(r"--require-hashes -r (\S+)$", command.strip())
                ours = "--no-deps" in command and re.search(
                    r"(wheels/\*\.whl|\./clients|\./gateway)$", command.strip()
                )
                assert locked or ours, command
                if locked:
                    assert "--hash=sha256:" in (ROOT / "requirements" / locked[1]).read_text()


def test_copied_files_exist_and_are_not_ignored():
    shown = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for _, stages in FILES.values():
        for stage in stages:
            copies = [copy for copy in stage.all("COPY") if not copy.startswith("--from")]
            sources = [source for copy in copies for source in copy.split()[:-1]]
            sources += re.findall(r"--mount=type=bind,source=(\S+),", " ".join(stage.all("RUN")))
            for source in sources:
                assert (ROOT / source).exists(), source
                assert any(source == name or source.startswith(f"{name}/") for name in shown), source


def test_only_listed_files_reach_a_build():
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] not in ("", "#")]
    assert lines[0] == "*"
    for secret in (".git", ".env", "docker", "training", "perf", "checkpoints"):
        assert f"!{secret}" not in lines
    for ignored in ("model_repository/asr_quartznet/1/model.plan", "tritone/__pycache__"):
        assert any(fnmatch.fnmatch(ignored, line.replace("**/", "*")) for line in lines[1:] if line[0] != "!")


def test_every_stage_is_used():
    for _, stages in FILES.values():
        used = {stage.base for stage in stages}
        copies = [copy for stage in stages for copy in stage.all("COPY")]
        used |= {name for copy in copies for name in re.findall(r"--from=(\S+)", copy)}
        assert {stage.name for stage in stages} - used <= set(IMAGES)


def test_engines_are_built_with_the_servers_tensorrt():
    locked = re.search(
        r"^tensorrt-cu13-bindings==(\S+)", (ROOT / "requirements/engines.txt").read_text(), re.M
    )
    assert locked[1] == library.SERVER
    assert f"{library.SERVER}.".startswith(f"{TENSORRT}.")


def test_requests_in_flight_have_time_before_a_container_is_killed(compose):
    grace = int(compose["x-triton"]["stop_grace_period"].removesuffix("s"))
    draining_s = ServerOptions().exit_timeout_s
    assert grace > draining_s + draining_s + 15  # after that the launcher itself kills the server
