"""Conditional and partial requests for audio, encrypted or not."""

import hashlib
import random

import pytest
from tritone_gateway.storage.encryption import PIECE_BYTES

from tests.gateway.records.backends import ScriptedBackend
from tests.gateway.records.serving import client_of
from tests.gateway.records.test_api import post, recording

WAV = recording(6)[:-1000] + random.Random(2).randbytes(1000)
SIZE = len(WAV)
assert SIZE > PIECE_BYTES


@pytest.fixture(scope="module", params=["plain", "encrypted"])
def client(request, tmp_path_factory):
    keys = {}
    if request.param == "encrypted":
        file = tmp_path_factory.mktemp("keys") / "audio.keys"
        file.write_text("7" * 43 + "=")
        keys = {"audio_key_file": file}
    with client_of(ScriptedBackend(), **keys) as opened:
        yield opened


@pytest.fixture(scope="module")
def record(client):
    return post(client, WAV, name="Ein Ärger/../x")


@pytest.fixture
def get(client, record):
    return lambda **headers: client.get(
        record["audio"], headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def test_whole(get):
    answer = get()
    assert (answer.status_code, answer.content) == (200, WAV)
    assert answer.headers["Content-Length"] == str(SIZE)
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["ETag"] == f'"{hashlib.sha256(WAV).hexdigest()}"'
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-", 0, SIZE),
        ("bytes=100-65600", 100, 65601),
        (f"bytes={PIECE_BYTES}-", PIECE_BYTES, SIZE),
        ("bytes=-5", SIZE - 5, SIZE),
        (f"bytes=-{SIZE * 2}", 0, SIZE),
        (f"bytes=10-{SIZE * 2}", 10, SIZE),
        ("BYTES=3-4", 3, 5),
    ],
)
def test_range(get, asked, start, stop):
    answer = get(Range=asked)
    assert (answer.status_code, answer.content) == (206, WAV[start:stop])
    assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{SIZE}"
    assert answer.headers["Content-Length"] == str(stop - start)


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=-0", f"bytes={SIZE * 9}-{SIZE * 9 + 1}"])
def test_range_beyond_the_end_is_416(get, asked):
    answer = get(Range=asked)
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{SIZE}"
    assert str(SIZE) in answer.json()["detail"]


@pytest.mark.parametrize(
    "asked", ["bytes=5-4", "bytes=-", "items=0-1", "bytes=0-1,5-6", "bytes=a-b", "bytes=٣-"]
)
def test_what_is_no_single_range_is_answered_with_all(client, record, asked):
    answer = client.get(record["audio"], headers={"Range": asked.encode()})
    assert (answer.status_code, answer.content) == (200, WAV)


def test_range_only_of_the_file_that_the_caller_knows(get):
    known = get().headers
    for condition in (known["ETag"], known["Last-Modified"]):
        assert get(Range="bytes=0-1", If_Range=condition).status_code == 206
    for condition in ('"other"', "W/" + known["ETag"], "Fri, 01 Jan 2021 00:00:00 GMT", "nonsense"):
        answer = get(Range="bytes=0-1", If_Range=condition)
        assert (answer.status_code, answer.content) == (200, WAV)


def test_file_that_the_caller_has_is_not_sent_again(get):
    etag = get().headers["ETag"]
    for known in (etag, f'"other", W/{etag}', "*"):
        answer = get(If_None_Match=known)
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["ETag"] == etag
    assert get(If_None_Match='"other"').status_code == 200


def test_head_has_the_headers_only(client, record):
    answer = client.head(record["audio"])
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Content-Length"] == str(SIZE)
    assert answer.headers["Content-Type"] == "audio/wav"
    assert client.head(record["audio"], headers={"Range": "bytes=0-9"}).headers["Content-Length"] == "10"


def test_download_has_the_records_name_and_playing_has_not(client, record, get):
    uuid = record["uuid"]
    assert get().headers["Content-Disposition"] == f'inline; filename="{uuid}.wav"'
    saved = client.get(record["audio"] + "?download=true").headers["Content-Disposition"]
    assert saved == f"attachment; filename=\"{uuid}.wav\"; filename*=UTF-8''Ein%20%C3%84rger%2F..%2Fx.wav"


@pytest.mark.parametrize(
    "change", [(".wav", ".mp3"), (".wav", ""), ("/asr/", "/tts/"), ("/media/", "/media/../")]
)
def test_other_addresses_are_not_found(client, record, change):
    assert client.get(record["audio"].replace(*change)).status_code == 404


def test_audio_that_is_gone_is_an_error_in_words(tmp_path):
    with client_of(ScriptedBackend(), data_folder=tmp_path) as client:
        record = post(client, WAV)
        for file in (tmp_path / "audio").rglob("*.wav"):
            file.unlink()
        answer = client.get(record["audio"])
        assert answer.status_code == 500
        assert "missing" in answer.json()["detail"]
