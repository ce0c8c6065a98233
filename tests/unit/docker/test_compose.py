"""The compose file: what it refers to exists, and its restrictions are complete."""

import re
import subprocess

import pytest

from .conftest import DOCKER, ROOT

SERVERS = ("triton-cpu", "triton-gpu")
TEXT = (DOCKER / "compose.yaml").read_text()


@pytest.mark.parametrize(("profile", "server"), [("cpu", "triton-cpu"), ("gpu", "triton-gpu")])
def test_profile_starts_one_server(compose, profile, server):
    started = [
        name for name, service in compose["services"].items() if profile in service.get("profiles", [profile])
    ]
    assert [name for name in started if name in SERVERS] == [server]
    assert {"gateway", "prometheus", "grafana"} <= set(started)


def test_only_the_gpu_profile_asks_for_gpus(compose):
    def devices(name):
        return compose["services"][name].get("deploy", {}).get("resources", {}).get("reservations")

    assert devices("triton-cpu") is None
    (device,) = devices("triton-gpu")["devices"]
    assert device == {"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}


@pytest.mark.parametrize("name", SERVERS)
def test_server_is_built_from_this_tree_with_mounted_weights(compose, name):
    build = compose["services"][name]["build"]
    assert (DOCKER / build["context"]).resolve() == ROOT
    assert (ROOT / build["dockerfile"]).is_file()
    assert build["args"]["WEIGHTS"] == "mounted"
    targets = {volume.split(":/")[1] for volume in compose["services"][name]["volumes"]}
    assert {"opt/tritone/model_repository:ro", "opt/tritone/ensembles:ro"} <= targets


def test_everything_mounted_exists(compose):
    for service in compose["services"].values():
        for volume in service["volumes"]:
            source = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", volume).split(":")[0]
            if source.startswith("."):
                assert (DOCKER / source).is_dir(), source
            else:
                assert source in compose["volumes"]


def test_third_party_images_are_pinned(compose):
    for service in compose["services"].values():
        if "build" not in service:
            assert re.fullmatch(r"docker\.io/[\w/-]+:v?\d+\.\d+\.\d+", service["image"])


@pytest.mark.parametrize("name", ["triton-cpu", "triton-gpu", "gateway", "prometheus", "grafana"])
def test_services_are_restricted_and_restarted(compose, name):
    service = compose["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert service["logging"]["options"]["max-size"]
    if name not in (*SERVERS, "gateway"):  # their images define one
        assert service["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", SERVERS)
def test_server_can_load_its_backend_from_its_writable_folder(compose, name):
    (folder,) = compose["services"][name]["tmpfs"]
    assert "exec" in folder.removeprefix("/tmp:").split(",")  # Docker's default is noexec


def test_ports_are_local_by_default(compose):
    for service in compose["services"].values():
        for port in service["ports"]:
            assert port.startswith(("127.0.0.1:", "${BIND_ADDRESS:-127.0.0.1}:")), port


def test_grafana_has_no_default_password(compose):
    password = compose["services"]["grafana"]["environment"]["GF_SECURITY_ADMIN_PASSWORD"]
    assert password.startswith("${GRAFANA_PASSWORD:?")
    assert "GRAFANA_PASSWORD=\n" in (DOCKER / ".env.example").read_text()


def test_every_setting_is_in_the_example_with_the_same_default():
    used = dict(re.findall(r"\$\{(\w+)(?::[-?]([^}]*))?\}", TEXT))
    example = dict(re.findall(r"^(\w+)=(.*)$", (DOCKER / ".env.example").read_text(), re.M))
    assert set(used) - {"REVISION"} == set(example)  # the Makefile sets the revision
    for name, value in example.items():
        assert value in (used[name], ""), name


def test_secrets_stay_out_of_git():
    ignored = subprocess.run(["git", "check-ignore", "-q", "docker/.env"], cwd=ROOT)
    if ignored.returncode == 128:
        pytest.skip("not a git checkout")
    assert ignored.returncode == 0
