"""Records of real keys."""

import json

import pytest
from click.testing import CliRunner
from tritone_gateway.command import main

from tests.gateway.records.backends import ScriptedBackend
from tests.gateway.records.serving import client_of
from tests.gateway.records.test_api import WAV


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def command(folder):
    def run(*arguments):
        result = CliRunner(env={"TRITONE_DATA_FOLDER": str(folder)}).invoke(main, arguments)
        assert result.exit_code == 0, result.output
        return result.stdout.strip()

    return run


@pytest.fixture(scope="module")
def client(folder, keys):
    with client_of(ScriptedBackend(), data_folder=folder, require_keys=True) as opened:
        yield opened


@pytest.fixture(scope="module")
def keys(command):
    """Headers with the key of each of two callers, and of one that may only transcribe."""
    made = {
        "mine": command("keys", "create", "mine"),
        "theirs": command("keys", "create", "theirs"),
        "writing": command("keys", "create", "writing", "--scope", "transcribe"),
    }
    return {name: {"x-api-key": key} for name, key in made.items()}


def post(client, key):
    answer = client.post("/api/asr", files={"audio": ("a", WAV)}, headers=key)
    assert answer.status_code == 201
    return answer.json()


def test_records_of_another_key_are_as_if_they_were_not_there(client, keys):
    record = post(client, keys["mine"])
    for method, address in (
        ("GET", f"/api/asr/{record['uuid']}"),
        ("DELETE", f"/api/asr/{record['uuid']}"),
        ("GET", record["audio"]),
        ("HEAD", record["audio"]),
    ):
        assert client.request(method, address, headers=keys["theirs"]).status_code == 404
        assert client.request(method, address).status_code == 401
    assert client.get("/api/asr", headers=keys["theirs"]).json()["count"] == 0
    assert client.get(record["audio"], headers=keys["mine"]).content == WAV
    assert client.get("/api/asr", headers=keys["mine"]).json()["count"] > 0


def test_a_key_that_may_only_transcribe_does_not_read_records(client, keys):
    record = post(client, keys["writing"])
    for address in ("/api/asr", f"/api/asr/{record['uuid']}", record["audio"]):
        assert client.get(address, headers=keys["writing"]).status_code == 403
    assert client.post("/api/tts", json={"text": "a"}, headers=keys["writing"]).status_code == 403


def test_audit_log_names_records_and_not_what_was_said(client, keys, folder):
    record = post(client, keys["mine"])
    client.get(record["audio"], headers=keys["mine"])
    client.delete(f"/api/asr/{record['uuid']}", headers=keys["mine"])
    noted = []
    while len(noted) < 3:
        log = (folder / "audit.jsonl").read_text()
        noted = [line for line in map(json.loads, log.splitlines()) if line.get("record") == record["uuid"]]
    assert [line["action"] for line in noted] == [
        "POST /api/asr",
        "GET /media/{kind}/{uuid}.{suffix}",
        "DELETE /api/asr/{uuid}",
    ]
    assert "hello" not in log.lower()


def test_operator_removes_all_records_of_a_key(client, keys, command, folder):
    kept, record = post(client, keys["mine"]), post(client, keys["theirs"])
    key_id = keys["theirs"]["x-api-key"].split("_")[1]
    assert command("delete-records", key_id, "--yes") == "1 records removed"
    assert client.get(f"/api/asr/{record['uuid']}", headers=keys["theirs"]).status_code == 404
    assert client.get(f"/api/asr/{kept['uuid']}", headers=keys["mine"]).status_code == 200
