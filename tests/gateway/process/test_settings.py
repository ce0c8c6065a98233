"""Every setting on the command line and in the environment."""

import json
import re

import click
import pytest
from click.testing import CliRunner
from tritone_gateway.command import main
from tritone_gateway.errors import StartupError
from tritone_gateway.settings import Settings
from tritone_gateway.settings.options import fields, is_secret, load, misspelt, option, variable

from tests.gateway.process import settings_table


@pytest.fixture
def help_text():
    answer = CliRunner().invoke(main, ["serve", "--help"], terminal_width=200)
    assert answer.exit_code == 0
    return answer.output


def test_help_lists_every_setting_with_its_variable_and_meaning(help_text):
    assert set(fields()) == set(Settings.model_fields)
    for name, field in fields().items():
        assert field.description, name
        assert re.search(rf"{option(name)}\b", help_text), name
        assert re.search(rf"\b{variable(name)}\b", help_text), name


def test_option_wins_over_environment_which_wins_over_default(monkeypatch):
    assert load({}).gateway_port == 8080
    monkeypatch.setenv("TRITONE_GATEWAY_PORT", "9000")
    assert load({"gateway_port": None}).gateway_port == 9000
    assert load({"gateway_port": "9001"}).gateway_port == 9001


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"gateway_port": "70000"}, "--gateway-port: expected less than or equal to 65535, got '70000'"),
        ({"drain_s": "soon"}, "--drain-s: expected a valid number"),
        ({"log_format": "xml"}, "--log-format: expected 'auto', 'json' or 'text', got 'xml'"),
        ({"openai_voices": "alloy"}, "--openai-voices: expected JSON, got 'alloy'"),
    ],
)
def test_wrong_value_is_answered_with_option_rule_and_value(given, named):
    with pytest.raises(StartupError) as raised:
        load(given)
    assert named in str(raised.value)


def test_all_wrong_values_are_named_at_once_those_of_the_environment_by_variable(monkeypatch):
    monkeypatch.setenv("TRITONE_DRAIN_S", "-1")
    answer = CliRunner().invoke(main, ["serve", "--gateway-port", "x"])
    assert answer.exit_code == 1
    assert "--gateway-port: expected" in answer.output
    assert "TRITONE_DRAIN_S: expected greater than or equal to 0, got '-1'" in answer.output
    assert "Traceback" not in answer.output


def test_lists_are_given_with_commas_and_mappings_as_json():
    settings = load(
        {"webhook_networks": "10.1.0.0/16, fd00::/8", "openai_voices": json.dumps({"ash": "fast"})}
    )
    assert [str(network) for network in settings.webhook_networks] == ["10.1.0.0/16", "fd00::/8"]
    assert settings.openai_voices == {"ash": "fast"}


def test_secret_is_read_from_a_file_and_never_shown(monkeypatch, tmp_path, help_text):
    url = "postgresql://user:geheim@localhost/records"
    file = tmp_path / "url"
    file.write_text(url + "\n")
    assert load({"database_url_file": str(file)}).database_url == url
    monkeypatch.setenv("TRITONE_DATABASE_URL_FILE", str(file))
    assert load({}).database_url == url
    assert "geheim" not in repr(load({}))
    monkeypatch.setenv("DATABASE_URL", url)
    assert "geheim" not in CliRunner().invoke(main, ["serve", "--help"]).output
    secrets = [name for name, field in fields().items() if is_secret(field)]
    assert "database_url" in secrets
    command = main.get_command(click.Context(main), "serve")
    assert not {option(name) for name in secrets} & {word for each in command.params for word in each.opts}


def test_missing_file_of_a_secret_is_named(tmp_path):
    with pytest.raises(StartupError, match=r"--database-url-file: expected a readable file, got .*absent"):
        load({"database_url_file": str(tmp_path / "absent")})


def test_documentation_lists_every_setting():
    assert settings_table.written() == settings_table.table(), (
        "run `python -m tests.gateway.process.settings_table`"
    )


def test_misspelt_variable_is_told_from_settings_and_from_variables_of_others():
    given = ("TRITONE_GATEWAY_PROT", "TRITONE_GATEWAY_PORT", "TRITONE_DATABASE_URL_FILE", "TRITONE_ADMIN_KEY")
    assert misspelt(dict.fromkeys(given, "1")) == {"TRITONE_GATEWAY_PROT": "TRITONE_GATEWAY_PORT"}
