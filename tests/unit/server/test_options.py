from pathlib import Path

import pytest

from tritone.errors import StartupError
from tritone.server import Ports, ServerOptions
from tritone.server.__main__ import _options

BACKENDS = Path("/backends")


def arguments(**options):
    return ServerOptions(**options).arguments(BACKENDS)


def test_both_repositories_are_served_without_auto_completion():
    flags = arguments()
    repositories = [
        Path(flag.partition("=")[2]).name for flag in flags if flag.startswith("--model-repository=")
    ]
    assert repositories == ["model_repository", "ensembles"]
    assert "--disable-auto-complete-config" in flags


def test_listens_on_localhost_by_default():
    for endpoint in ("http", "grpc", "metrics"):
        assert f"--{endpoint}-address=127.0.0.1" in arguments()
        assert f"--{endpoint}-address=0.0.0.0" in arguments(address="0.0.0.0")


def test_ports_are_passed_on():
    flags = arguments(ports=Ports(1, 2, 3))
    assert {"--http-port=1", "--grpc-port=2", "--metrics-port=3"} <= set(flags)


def test_model_control_and_log_settings_need_the_key():
    flags = arguments(admin_key="secret")
    names = "model-repository,logging,trace,shared-memory"
    assert f"--http-restricted-api={names}:tritone-admin-key=secret" in flags
    assert f"--grpc-restricted-protocol={names}:tritone-admin-key=secret" in flags


def test_shared_memory_is_open_only_with_its_option():
    (flag,) = [
        flag for flag in arguments(shared_memory_open=True) if flag.startswith("--http-restricted-api")
    ]
    assert "shared-memory" not in flag
    assert _options(["--open-shared-memory"]).shared_memory_open
    assert not _options([]).shared_memory_open


def test_an_address_that_other_machines_reach_gets_a_warning():
    assert (
        "address 0.0.0.0: anyone who can reach ports 8000, 8001 and 8002"
        in ServerOptions(address="0.0.0.0").exposure()
    )
    for address in ("127.0.0.1", "::1", "localhost"):
        assert ServerOptions(address=address).exposure() is None


def test_key_is_random_when_none_is_given():
    assert ServerOptions().admin_key != ServerOptions().admin_key


def test_variant_of_the_configs_is_chosen_by_name():
    assert "--model-config-name=int8" in arguments(model_config_name="int8")
    assert not any("model-config-name" in flag for flag in arguments())


def test_extra_flags_replace_the_launchers_own():
    flags = arguments(extra=["--http-port=9", "--log-verbose=1"])
    assert [flag for flag in flags if flag.startswith("--http-port")] == ["--http-port=9"]
    assert flags[-1] == "--log-verbose=1"


def test_another_model_control_mode_drops_the_flags_of_explicit_mode():
    flags = arguments(extra=["--model-control-mode=poll"])
    assert not any(flag.startswith("--load-model") for flag in flags)


def test_repository_without_models_is_refused_by_name(tmp_path):
    (tmp_path / "lost+found").mkdir()
    with pytest.raises(StartupError, match=f"{tmp_path}: expected a folder of models, found none"):
        ServerOptions(repositories=[tmp_path]).require_models()
    ServerOptions().require_models()


def test_latency_quantiles_are_exported_unless_metrics_are_configured_differently():
    assert "--metrics-config=summary_latencies=true" in arguments()
    flags = arguments(extra=["--metrics-config=histogram_latencies=true"])
    assert [flag for flag in flags if "metrics-config" in flag] == [
        "--metrics-config=histogram_latencies=true"
    ]


def test_key_can_come_from_the_environment_but_an_option_wins(monkeypatch):
    monkeypatch.setenv("TRITONE_ADMIN_KEY", "from the environment")
    assert _options([]).admin_key == "from the environment"
    assert _options(["--admin-key", "given"]).admin_key == "given"
    monkeypatch.setenv("TRITONE_ADMIN_KEY", "")
    assert len(_options([]).admin_key) > 30


def test_an_unknown_config_variant_is_rejected_with_the_known_ones():
    ServerOptions(model_config_name="int8").require_models()
    with pytest.raises(StartupError, match="expected one of cuda, int8, tensorrt, got itn8; correct"):
        ServerOptions(model_config_name="itn8").require_models()
