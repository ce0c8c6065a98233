"""What the REST API takes and answers, whatever is recognised."""

import asyncio
import io
import socket
import time
import wave
from uuid import uuid4

import httpx
import pytest
from tritone_gateway.errors import UnavailableError

from tests.gateway.records.backends import ScriptedBackend
from tests.gateway.records.serving import client_of

UNKNOWN = "7d1f1f62-0000-4000-8000-000000000000"  # the uuid of no record


def recording(seconds=0.5):
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(int(seconds * 16000)))
    return target.getvalue()


WAV = recording()


@pytest.fixture(scope="module")
def client():
    with client_of(ScriptedBackend()) as opened:
        yield opened


def post(client, audio=WAV, path="/api/asr", **data):
    answer = client.post(path, files={"audio": ("a", audio)}, data=data)
    assert answer.status_code in (201, 202), answer.text
    return answer.json()


@pytest.mark.parametrize("slash", ["", "/"])
def test_every_path_works_with_and_without_a_slash(client, slash):
    record = post(client, path=f"/api/asr{slash}")
    one = f"/api/asr/{record['uuid']}{slash}"
    assert client.get(one).json() == record
    assert client.get(f"/api/asr{slash}").json()["results"][0]["uuid"] == record["uuid"]
    assert client.get(record["audio"] + slash).content == WAV
    assert client.delete(one).status_code == 204
    assert client.get(one).status_code == 404
    spoken = client.post(f"/api/tts{slash}", json={"text": "Hello."})
    assert spoken.status_code == 201
    one = f"/api/tts/{spoken.json()['uuid']}{slash}"
    assert client.get(one).json() == spoken.json()
    assert client.delete(one).status_code == 204


def test_delete_removes_the_audio_and_the_record(client):
    record = post(client)
    assert client.delete(f"/api/asr/{record['uuid']}").content == b""
    for address in (record["audio"], f"/api/asr/{record['uuid']}"):
        assert client.get(address).status_code == 404
    assert client.delete(f"/api/asr/{record['uuid']}").status_code == 404


def test_pages_lead_to_each_other_and_keep_the_search(client):
    name = str(uuid4())
    posted = [post(client, name=f"{name} {number}")["uuid"] for number in range(5)]
    seen, address = [], f"/api/asr/?search={name}&limit=2"
    while address:
        page = client.get(address).json()
        assert page["count"] == 5
        seen.append([record["uuid"] for record in page["results"]])
        last, address = page, page["next"]
    assert seen == [[posted[4], posted[3]], [posted[2], posted[1]], [posted[0]]]
    back = client.get(last["previous"]).json()
    assert [record["uuid"] for record in back["results"]] == [posted[2], posted[1]]
    assert client.get(back["previous"]).json()["previous"] is None


def test_lists_have_everything_but_words(client):
    record = post(client)
    (listed,) = client.get("/api/asr", params={"limit": 1}).json()["results"]
    assert listed == {**record, "words": None}


def test_search_finds_what_was_said_and_times_select(client):
    record = post(client)
    found = lambda **query: client.get("/api/asr", params={"limit": 1, **query}).json()["count"]  # noqa: E731
    assert found(search="HELLO WORLD") > 0
    assert found(search="nobody said this") == 0
    assert found(**{"from": record["created_at"]}) == 1
    assert found(to="2020-01-31") == 0
    today = record["created_at"][:10]
    assert found(**{"from": today, "to": today}) == found()
    assert found(**{"from": "2020-01-01T00:00:00+02:00"}) == found()


@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        ({"limit": 0}, "limit", "greater than or equal to 1"),
        ({"limit": 101}, "limit", "less than or equal to 100"),
        ({"offset": -1}, "offset", "greater than or equal to 0"),
        ({"offset": 10**30}, "offset", "less than or equal"),
        ({"from": "yesterday"}, "from", "2026-01-31T12:00:00Z"),
        ({"to": "17"}, "to", "2026-01-31T12:00:00Z"),
        ({"search": "a\0b"}, "search", "control characters"),
        ({"search": "a" * 201}, "search", "at most 200 characters"),
    ],
)
def test_queries_that_break_a_rule_are_refused(client, query, field, message):
    answer = client.get("/api/asr", params=query)
    assert answer.status_code == 400
    assert answer.json()["field"] == field
    assert message in answer.json()["detail"]


@pytest.mark.parametrize(
    ("files", "data", "message"),
    [
        ({}, {"name": "x"}, "audio: expected a value, got none"),
        ({"audio": ("a.wav", b"")}, {}, "empty file"),
        ({"audio": ("a.wav", b"This is a text and no sound." * 100)}, {}, "cannot be decoded"),
        ({"audio": ("a.wav", WAV[:20])}, {}, "cannot be decoded"),
        ({"audio": ("a", WAV)}, {"name": "n" * 201}, "name: expected at most 200 characters"),
        ({"audio": ("a", WAV)}, {"name": "\x00"}, "control characters"),
        ({"audio": ("a", WAV)}, {"boost": "{"}, "JSON object of phrases"),
        ({"audio": ("a", WAV)}, {"boost": '{"a": "b"}'}, "JSON object of phrases"),
        ({"audio": ("a", WAV)}, {"boost": '{"a": 21}'}, "from -20 to 20"),
        ({"audio": ("a", WAV)}, {"boost": '{"a": NaN}'}, "from -20 to 20"),
        ({"audio": ("a", WAV)}, {"boost": '{"\\u0000": 1}'}, "control characters"),
        ({"audio": ("a", WAV)}, {"decoder": "magic"}, "decoder"),
        ({"audio": ("a", WAV)}, {"callback": "https://example.com"}, "background=true"),
    ],
)
def test_recordings_that_break_a_rule_are_refused_and_not_stored(client, files, data, message):
    before = client.get("/api/asr").json()["count"]
    answer = client.post("/api/asr", files=files, data=data)
    assert answer.status_code == 400
    assert message in answer.json()["detail"]
    assert client.get("/api/asr").json()["count"] == before


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"json": {}}, "text: expected a value, got none"),
        ({"json": {"text": ""}}, "text"),
        ({"json": {"text": "a", "speed": 9}}, "speed"),
        ({"json": {"text": "a", "format": "midi"}}, "format"),
        ({"json": {"text": "a", "voice": "x"}}, "voice"),
        ({"json": {"text": "a\0"}}, "control characters"),
        ({"json": ["text"]}, "body"),
        ({"data": {"text": "a", "seed": "x"}}, "seed"),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, "expected JSON"),
        ({"content": b"[" * 100_000, "headers": {"Content-Type": "application/json"}}, "expected JSON"),
        ({"content": b'{"text": "\\ud800"}', "headers": {"Content-Type": "application/json"}}, "unicode"),
        ({"content": b"a", "headers": {"Content-Type": "text/plain"}}, "Content-Type"),
    ],
)
def test_texts_that_break_a_rule_are_refused(client, body, message):
    answer = client.post("/api/tts", **body)
    assert answer.status_code == 400, answer.text
    assert message in answer.json()["detail"]


def test_text_is_taken_as_json_or_form_and_passed_on(client):
    wanted = {"text": "Hello.", "name": "x", "seed": 3, "speed": 1.5, "model": "voice"}
    answers = [
        client.post("/api/tts", json=wanted),
        client.post("/api/tts", data=wanted),
        client.post("/api/tts", files={key: (None, str(value)) for key, value in wanted.items()}),
    ]
    for answer in answers:
        record = answer.json()
        assert (record["text_content"], record["name"], record["model"]) == ("Hello.", "x", "voice")
        assert record["duration_s"] == 1.0


@pytest.mark.parametrize("path", ["/api/asr/nonsense", f"/api/asr/{UNKNOWN}", f"/media/asr/{UNKNOWN}.wav"])
def test_unknown_records_are_not_found(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert "no such record" in answer.json()["detail"]


def test_in_the_background_it_is_answered_at_once_and_done_later(client):
    record = post(client, path="/api/asr?background=true", name="later")
    assert record["state"] in ("queued", "running")
    assert (record["Output"], record["words"]) == (None, None)
    assert client.get(record["audio"]).content == WAV
    while (got := client.get(f"/api/asr/{record['uuid']}").json())["state"] != "done":
        time.sleep(0.02)
    assert got["Output"] == "Hello world."


def test_callback_is_refused_where_nobody_signs(client):
    data = {"callback": "https://example.com/told"}
    answer = client.post("/api/asr?background=true", files={"audio": ("a", WAV)}, data=data)
    assert answer.status_code == 400
    assert "webhook_secret_file" in answer.json()["detail"]


def test_callback_to_a_private_address_is_refused(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("x" * 24)
    with client_of(ScriptedBackend(), webhook_secret_file=secret) as client:
        answer = client.post(
            "/api/asr?background=true",
            files={"audio": ("a", WAV)},
            data={"callback": "http://169.254.169.254/latest/meta-data"},
        )
        assert answer.status_code == 400
        assert answer.json()["field"] == "callback"
        assert client.get("/api/asr").json()["count"] == 0


def test_a_busy_server_is_503_and_nothing_is_stored():
    busy = UnavailableError("The speech server has no room for this request now.", retry_after_s=1)
    with client_of(ScriptedBackend(busy, busy)) as client:
        for answer in (
            client.post("/api/asr", files={"audio": ("a", WAV)}),
            client.post("/api/tts", json={"text": "Hello."}),
        ):
            assert answer.status_code == 503
            assert answer.headers["Retry-After"] == "1"
        assert client.get("/api/asr").json()["count"] == 0
        assert client.get("/api/tts").json()["count"] == 0


@pytest.mark.parametrize(
    ("path", "body"),
    [("/api/asr", {"files": {"audio": ("a", WAV)}}), ("/api/tts", {"json": {"text": "Hello."}})],
)
def test_a_client_that_goes_away_ends_the_work_and_nothing_is_stored(path, body, tmp_path):
    backend = ScriptedBackend(waiting=True)
    with client_of(backend, data_folder=tmp_path) as client:
        request = client.build_request("POST", path, **body)
        with socket.create_connection((client.base_url.host, client.base_url.port)) as connection:
            head = [f"{name}: {value}" for name, value in request.headers.items()]
            lines = [f"POST {path} HTTP/1.1", *head, "", ""]
            connection.sendall("\r\n".join(lines).encode() + request.read())
            until(backend.begun.is_set)
        until(backend.cancelled.is_set)
        assert client.get(path).json()["count"] == 0
    assert list((tmp_path / "audio").rglob("*.wav")) == []


def test_a_client_that_goes_away_in_its_upload_leaves_nothing(client):
    before = client.get("/api/asr").json()["count"]
    request = client.build_request("POST", "/api/asr", files={"audio": ("a", WAV)})
    with socket.create_connection((client.base_url.host, client.base_url.port)) as connection:
        head = [f"{name}: {value}" for name, value in request.headers.items()]
        connection.sendall(
            "\r\n".join(["POST /api/asr HTTP/1.1", *head, "", ""]).encode() + request.read()[:2000]
        )
    time.sleep(0.1)
    assert client.get("/api/asr").json()["count"] == before


async def test_many_at_once_are_all_stored(client):
    before = client.get("/api/asr").json()["count"]
    async with httpx.AsyncClient(base_url=client.base_url, timeout=60) as many:
        posts = (many.post("/api/asr", files={"audio": ("a", WAV)}) for _ in range(40))
        answers = await asyncio.gather(*posts)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["uuid"] for answer in answers}) == 40
    assert client.get("/api/asr").json()["count"] == before + 40


def test_links_have_the_public_address_where_one_is_set():
    with client_of(ScriptedBackend(), public_url="https://speech.example/") as client:
        record = post(client)
        assert record["audio"] == f"https://speech.example/media/asr/{record['uuid']}.wav"
        page = client.get("/api/asr?limit=1&offset=1").json()
        assert page["previous"] == "https://speech.example/api/asr?limit=1&offset=0"


def test_records_are_there_after_a_restart(tmp_path):
    with client_of(ScriptedBackend(), data_folder=tmp_path) as client:
        record = post(client)
    with client_of(ScriptedBackend(), data_folder=tmp_path) as client:
        again = client.get(f"/api/asr/{record['uuid']}").json()
        assert again["Output"] == record["Output"]
        assert client.get(httpx.URL(again["audio"]).path).content == WAV


def test_on_postgresql_and_s3_it_is_the_same(postgresql_database, s3, key_file):
    stores = {"database_url": postgresql_database, "audio_url": f"{s3}/api", "audio_key_file": key_file}
    with client_of(ScriptedBackend(), **stores) as client:
        record = post(client, name="Öl")
        assert client.get(f"/api/asr/{record['uuid']}").json() == record
        assert client.get("/api/asr", params={"search": "öl"}).json()["count"] == 1
        assert client.get(record["audio"], headers={"Range": "bytes=5-9"}).content == WAV[5:10]
        assert client.delete(f"/api/asr/{record['uuid']}").status_code == 204
        assert client.get("/api/asr").json()["count"] == 0


def until(condition, within_s=20):
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
