"""The report on the gateway, from numbers given here."""

import json

import pytest

from perf.gateway.__main__ import main
from perf.gateway.captions import Captions, Heard
from perf.gateway.report import Measured, markdown, raw
from perf.gateway.requests import upload
from perf.gateway.speech import FORMATS, Speech
from perf.gateway.transcription import Contender, Transcription


@pytest.fixture
def measured():
    direct = Contender([0.030, 0.031, 0.032], [20.0, 20.0], [0.0, 0.0], [50.0, 52.0])
    through = Contender([0.032, 0.033, 0.050], [21.0, 21.0], [1.5, 1.5], [48.0, 50.0])
    heard = [Heard([0.3, 0.4, 0.5], 2, 12, ""), Heard([0.4], 0, 0, "closed with 1011", spoke=False)]
    return Measured(
        Transcription(direct, through, 3, 8),
        Speech([0.030, 0.032, 0.031], {form: [0.045, 0.041, 0.050] for form in FORMATS}),
        Captions(heard, 10, 12.0, 1.2, 12.0, 150.0),
    )


def test_medians_of_both_ways_are_compared_with_the_targets(measured):
    text = markdown(measured, {"processor": "2 cores"}, "python -m perf.gateway")
    assert "| 31.0 ms | 33.0 ms | 2.0 ms | ≤ 3 ms |" in text
    assert "| 20.0 ms | 21.0 ms, of it the gateway 1.5 ms | 5.0% | ≤ 10% |" in text
    assert "| first audio of speech, mp3 | 31.0 ms | 45.0 ms | 14.0 ms | ≤ 20 ms |" in text


def test_websocket_that_was_not_answered_to_the_end_is_counted_and_its_reason_shown(measured):
    text = markdown(measured, {}, "")
    assert "1 of 2, 12 words each; first failure: closed with 1011" in text
    assert "400 ms, 485 ms" in text
    assert "| 1.00 | 0.10; memory of the gateway 150 MiB |" in text


def test_parts_that_were_not_measured_are_left_out(measured):
    text = markdown(Measured(speech=measured.speech), {}, "")
    assert "transcription" not in text
    assert "WebSockets" not in text


def test_raw_numbers_are_complete(measured):
    numbers = json.loads(raw(measured, {"processor": "2 cores"}, "command"))
    assert numbers["transcription"]["through"]["latencies_s"] == [0.032, 0.033, 0.050]
    assert numbers["captions"]["heard"][1]["failure"] == "closed with 1011"


def test_form_is_what_http_clients_send():
    form = upload(b"RIFF", "a.wav")
    boundary = form.content_type.partition("boundary=")[2].encode()
    parts = form.body.split(b"--" + boundary)
    assert parts[0] == b""
    assert parts[-1] == b"--\r\n"
    assert parts[3].endswith(b'name="file"; filename="a.wav"\r\n\r\nRIFF\r\n')


def test_unknown_part_is_refused_before_anything_starts(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["transcriptions"])
    assert ended.value.code == 2
    assert "expected one of transcription, speech, captions" in capsys.readouterr().err
