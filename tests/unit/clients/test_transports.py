"""Both clients over both protocols, against a server with the real protocols."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from tritone_client import (
    Client,
    InvalidRequestError,
    ModelNotFoundError,
    OverloadedError,
    ProcessDiedError,
    RequestTimeoutError,
    ServerError,
    ServerNotReadyError,
    ServerUnavailableError,
    Transcription,
    Word,
)
from tritone_client.transports.http import HttpTransport

from .conftest import Caller, wav_bytes
from .fakes import FaultError, GrpcServer, HttpServer

HELLO = Transcription(
    transcript="hello world",
    text="Hello world.",
    words=(
        Word("hello", 0.0, float(np.float32(0.4)), 0.75),
        Word("world", 0.5, float(np.float32(0.9)), 0.75),
    ),
    duration_s=2.0,
)


def test_a_file_gives_the_same_transcription_over_every_transport(caller, urls, record):
    path = record("hello.wav", "hello world")
    for audio in (path, str(path), path.read_bytes()):
        assert caller(urls[caller.protocol], "transcribe", audio) == HELLO


def test_samples_give_the_same_transcription_over_every_transport(caller, urls, behaviour):
    samples = np.linspace(-1, 1, 32_000, dtype=np.float32)
    behaviour.spoken[samples.tobytes()] = "hello world"
    assert caller(urls[caller.protocol], "transcribe", samples) == HELLO
    assert behaviour.asked == ["speech_to_text"]


def test_written_words_come_over_every_transport_on_request(caller, urls, behaviour, record):
    path = record("paid.wav", "pay two hundred now")
    plain = caller(urls[caller.protocol], "transcribe", path)
    figures = caller(urls[caller.protocol], "transcribe", path, keywords={"written": True})
    assert (plain.written_text, plain.written_words) == (None, ())
    assert (figures.text, figures.words) == (plain.text, plain.words)
    assert figures.written_text == "pay 200 now"
    assert [
        (word.word, word.start_s, round(word.end_s, 3), word.confidence) for word in figures.written_words
    ] == [
        ("pay", 0.0, 0.4, 0.5),
        ("200", 0.5, 1.4, 0.5),
        ("now", 1.5, 1.9, 0.5),
    ]
    without, with_them = behaviour.requested
    assert not any(name.startswith("written") for name in without)
    assert {"written_text", "written_word", "written_word_end_s"} < set(with_them)


def test_silence_gives_no_words(caller, urls, record):
    result = caller(urls[caller.protocol], "transcribe", record("silence.wav", ""))
    assert (result.transcript, result.text, result.words) == ("", "", ())


def test_text_outside_ascii_is_punctuated_unharmed(caller, urls):
    assert caller(urls[caller.protocol], "punctuate", "grüße aus 北京") == "Grüße aus 北京."


def test_a_recording_above_grpcs_default_message_size_is_sent(caller, urls, behaviour):
    content = wav_bytes("long", 600)
    assert len(content) > 4 * 2**20
    behaviour.spoken[content] = "long"
    assert caller(urls[caller.protocol], "transcribe", content).duration_s == 600


def test_a_refused_request_carries_the_servers_words_without_the_ensembles_name(caller, urls):
    with pytest.raises(InvalidRequestError, match=r"^audio_bytes: expected audio, got text\.$"):
        caller(urls[caller.protocol], "transcribe", b"not audio")


def test_a_refused_request_is_not_retried(caller, urls, behaviour):
    with pytest.raises(ValueError, match="audio_bytes"):
        caller(urls[caller.protocol], "transcribe", b"not audio")
    assert len(behaviour.asked) == 1


def test_an_internal_failure_is_not_retried(caller, urls, behaviour):
    behaviour.faults.append(FaultError("INTERNAL", "internal error (KeyError)"))
    with pytest.raises(ServerError, match=r"internal error \(KeyError\)"):
        caller(urls[caller.protocol], "punctuate", "hello", overload_wait_s=10)
    assert len(behaviour.asked) == 1


DIED = "in ensemble 'punctuate', Stub process 'text_validator_0_0' is not healthy."


def test_a_request_that_met_a_dead_process_is_sent_again(caller, urls, behaviour):
    behaviour.faults.append(FaultError("INTERNAL", DIED))
    assert caller(urls[caller.protocol], "punctuate", "hello", retries=0, overload_wait_s=10) == "Hello."
    assert len(behaviour.asked) == 2


def test_a_process_that_stays_dead_is_reported_in_the_servers_words(caller, urls, behaviour):
    behaviour.faults.extend([FaultError("INTERNAL", DIED)] * 9)
    words = r"^Stub process 'text_validator_0_0' is not healthy\. \((INTERNAL|HTTP 500)\)$"
    with pytest.raises(ProcessDiedError, match=words):
        caller(urls[caller.protocol], "punctuate", "hello", overload_wait_s=0.8)
    assert 2 <= len(behaviour.asked) <= 3


def test_an_unavailable_server_is_asked_again(caller, urls, behaviour):
    behaviour.faults.extend([FaultError("UNAVAILABLE", "busy")] * 2)
    assert caller(urls[caller.protocol], "punctuate", "hello", retries=2) == "Hello."
    assert len(behaviour.asked) == 3


def test_a_server_that_stays_overloaded_is_reported_in_its_own_words(caller, urls, behaviour):
    refusal = "in ensemble 'punctuate', expected at most 64 requests that wait; send fewer at a time."
    behaviour.faults.extend([FaultError("UNAVAILABLE", refusal)] * 9)
    words = r"^punctuate: the server is overloaded, expected at most 64 .* send fewer at a time\.$"
    with pytest.raises(OverloadedError, match=words):
        caller(urls[caller.protocol], "punctuate", "hello", overload_wait_s=0.8)
    assert 2 <= len(behaviour.asked) <= 3


def test_without_overload_wait_an_overloaded_server_is_reported_at_once(caller, urls, behaviour):
    behaviour.faults.append(FaultError("UNAVAILABLE", "busy"))
    with pytest.raises(OverloadedError, match="busy"):
        caller(urls[caller.protocol], "punctuate", "hello", overload_wait_s=0)
    assert len(behaviour.asked) == 1


def test_the_server_is_told_how_long_a_request_may_wait(caller, urls, behaviour):
    caller(urls[caller.protocol], "punctuate", "hello", timeout_s=30)
    assert behaviour.queue_s == [pytest.approx(30, abs=1)]


def test_a_probe_tells_pipelines_that_answer_from_those_that_failed_and_those_at_work(
    caller, urls, behaviour
):
    url = urls[caller.protocol]
    behaviour.recognises_anything = True
    assert caller(url, "probe").ok
    behaviour.faults.append(FaultError("INTERNAL", "Stub process is not healthy."))
    probe = caller(url, "probe")
    assert [name for name, found in probe.pipelines.items() if found.state == "failed"] == ["audio_to_text"]
    assert "not healthy" in probe.pipelines["audio_to_text"].problem
    assert not probe.ok
    behaviour.faults.append(FaultError("UNAVAILABLE", "no room"))
    probe = caller(url, "probe", ["punctuate"])
    assert probe.pipelines["punctuate"].state == "busy"
    assert probe.ok


def test_a_probe_of_recognition_reaches_the_acoustic_model_and_the_detector_of_speech(
    caller, urls, behaviour
):
    """Silence would not get past the detector."""
    behaviour.recognises_anything = True
    assert caller(urls[caller.protocol], "probe", ["speech_to_text"]).ok
    assert behaviour.parameters == [{"vad": "off"}, {"vad": "off"}, {"vad": "on"}]


def test_a_probe_goes_on_where_a_recogniser_has_no_detector_of_speech(caller, urls, behaviour):
    behaviour.recognises_anything = True
    behaviour.faults += [None, None, FaultError("INVALID_ARGUMENT", "parameter vad: expected off")]
    probe = caller(urls[caller.protocol], "probe", ["speech_to_text"])
    assert probe.pipelines["speech_to_text"].state == "answered"
    assert [sent["vad"] for sent in behaviour.parameters] == ["off", "off", "on", "off"]


def test_a_probe_that_gets_no_answer_has_failed_unless_others_are_answered(caller, urls, behaviour):
    url = urls[caller.protocol]
    behaviour.answer_after_s["One."] = 3.0
    probe = caller(url, "probe", ["text_to_speech"], keywords={"deadline_s": 0.5})
    assert probe.pipelines["text_to_speech"].state == "failed"
    assert "answered no request within 0.5 s" in probe.pipelines["text_to_speech"].problem
    answered = threading.Timer(0.2, lambda: behaviour.answered.update(["text_to_speech"]))
    answered.start()
    probe = caller(url, "probe", ["text_to_speech"], keywords={"deadline_s": 0.7})
    answered.join()
    assert probe.pipelines["text_to_speech"].state == "busy"


def test_a_probe_of_what_is_no_pipeline_is_refused_by_name(caller, urls, behaviour):
    with pytest.raises(ValueError, match=r"models: expected some of .*punctuate.*, got 'asr_windows'"):
        caller(urls[caller.protocol], "probe", ["punctuate", "asr_windows"])
    assert not behaviour.asked


def test_a_probe_of_an_unreachable_server_is_an_error(caller, free_port):
    with pytest.raises(ServerUnavailableError):
        caller(f"localhost:{free_port}", "probe", retries=0)


def test_a_server_that_starts_during_the_retries_is_found(caller, behaviour, free_port):
    server = {"grpc": GrpcServer, "http": HttpServer}[caller.protocol]
    started = threading.Event()

    def start_late() -> None:
        time.sleep(0.5)
        with server(behaviour, free_port):
            started.wait(10)

    thread = threading.Thread(target=start_late)
    thread.start()
    try:
        assert caller(f"localhost:{free_port}", "punctuate", "hello", retries=6) == "Hello."
    finally:
        started.set()
        thread.join()


def test_an_address_without_a_listener_is_unavailable(caller, free_port):
    with pytest.raises(ServerUnavailableError, match=rf"localhost:{free_port} .*[Cc]onnection refused"):
        caller(f"localhost:{free_port}", "punctuate", "hello", retries=0)


def test_an_unknown_host_is_unavailable(caller):
    with pytest.raises(ConnectionError, match=r"no-such-host\.invalid:8001"):
        caller("no-such-host.invalid:8001", "punctuate", "hello", retries=0)


def test_the_other_protocols_port_is_unavailable(caller, urls):
    other = urls["http" if caller.protocol == "grpc" else "grpc"]
    with pytest.raises(ServerUnavailableError, match="(?i)over " + caller.protocol):
        caller(other, "punctuate", "hello", retries=0, timeout_s=5)


def test_an_answer_after_the_deadline_is_a_timeout(caller, urls, behaviour, record):
    behaviour.answer_after_s["slow"] = 3.0
    started_s = time.monotonic()
    with pytest.raises(RequestTimeoutError, match=r"within 0\.[23]\d* s"):
        caller(urls[caller.protocol], "transcribe", record("slow.wav", "slow"), timeout_s=0.3)
    assert time.monotonic() - started_s < 2.5
    assert len(behaviour.asked) <= 1  # on a busy machine the first may not have arrived in time


def test_retries_end_at_the_deadline(caller, free_port):
    started_s = time.monotonic()
    with pytest.raises(ServerUnavailableError):
        caller(f"localhost:{free_port}", "punctuate", "hello", retries=1000, timeout_s=1.0)
    assert time.monotonic() - started_s < 3


def test_a_server_that_loads_its_models_is_told_from_one_without_the_model(caller, urls, behaviour):
    behaviour.models["punctuate"] = False
    with pytest.raises(ServerNotReadyError, match="punctuate"):
        caller(urls[caller.protocol], "punctuate", "hello")
    del behaviour.models["punctuate"]
    with pytest.raises(ModelNotFoundError, match="punctuate"):
        caller(urls[caller.protocol], "punctuate", "hello")


def test_waiting_returns_as_soon_as_the_models_are_loaded(caller, urls, behaviour):
    behaviour.models["punctuate"] = False
    threading.Timer(0.5, behaviour.models.update, [{"punctuate": True}]).start()
    caller(urls[caller.protocol], "wait_until_ready", 20)
    assert behaviour.ready


def test_waiting_without_success_reports_why(caller, urls, behaviour, free_port):
    with pytest.raises(ServerUnavailableError):
        caller(f"localhost:{free_port}", "wait_until_ready", 0.3, retries=0)
    behaviour.models["punctuate"] = False
    with pytest.raises(ServerNotReadyError, match="punctuate"):
        caller(urls[caller.protocol], "wait_until_ready", 0.3)
    del behaviour.models["punctuate"]
    with pytest.raises(ModelNotFoundError, match="punctuate"):
        caller(urls[caller.protocol], "wait_until_ready", 0.0)
    with pytest.raises(ModelNotFoundError, match="does not serve audio_to_text_canary,"):
        caller(urls[caller.protocol], "wait_until_ready", 0.0, canary=True)


def test_only_the_models_asked_for_are_waited_for(caller, urls, behaviour):
    behaviour.models["punctuate"] = False
    caller(urls[caller.protocol], "wait_until_ready", 0.0, ["audio_to_text"])


def test_health_shows_versions_and_readiness(caller, urls, behaviour):
    health = caller(urls[caller.protocol], "health")
    assert health.ok
    assert (health.server, health.version) == ("triton", "2.51.0")
    assert health.models["punctuate"].versions == ("1",)
    behaviour.models["punctuate"] = False
    health = caller(urls[caller.protocol], "health")
    assert (health.live, health.ready, health.ok) == (True, False, False)
    assert health.models["audio_to_text"].ready
    assert not health.models["punctuate"].ready


def test_health_of_an_unreachable_server_is_an_error(caller, free_port):
    with pytest.raises(ServerUnavailableError):
        caller(f"localhost:{free_port}", "health", retries=0)


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_threads_share_a_client(urls, record, protocol):
    paths = [record(f"{number}.wav", f"number {number}") for number in range(16)]
    heard: dict[int, str] = {}

    def transcribe(number: int) -> None:
        heard[number] = client.transcribe(paths[number]).transcript

    with Client(urls[protocol], protocol=protocol) as client:
        threads = [threading.Thread(target=transcribe, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert heard == {number: f"number {number}" for number in range(16)}


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_a_client_works_again_after_a_timeout(urls, behaviour, record, protocol):
    behaviour.answer_after_s["slow"] = 3.0
    with Client(urls[protocol], protocol=protocol, timeout_s=1.0) as client:
        with pytest.raises(RequestTimeoutError):
            client.transcribe(record("slow.wav", "slow"))
        assert client.punctuate("hello") == "Hello."


def test_an_http_service_that_is_not_triton_is_recognised():
    with ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as other:
        threading.Thread(target=other.serve_forever, args=(0.05,), daemon=True).start()
        with Client(f"localhost:{other.server_address[1]}", protocol="http", retries=0) as client:
            with pytest.raises(ServerError, match="not a Triton server"):
                client.punctuate("hello")
            with pytest.raises(ServerUnavailableError, match="no live Triton server"):
                client.wait_until_ready()
        other.shutdown()


class ProxyWithoutServer(BaseHTTPRequestHandler):
    """Answers as Envoy does when its upstream does not answer."""

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append(self.command)
        self.send_response(503)
        self.send_header("Content-Length", "19")
        self.end_headers()
        self.wfile.write(b"no healthy upstream")

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("kind", ["sync", "asyncio"])
def test_a_proxy_that_finds_no_server_is_asked_again(kind):
    with ThreadingHTTPServer(("127.0.0.1", 0), ProxyWithoutServer) as proxy:
        proxy.asked = []
        threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True).start()
        with pytest.raises(ServerNotReadyError, match="punctuate"):
            Caller(kind, "http")(f"localhost:{proxy.server_address[1]}", "punctuate", "hello", retries=1)
        proxy.shutdown()
    assert proxy.asked.count("POST") == 2


def test_http_connections_are_kept_between_requests(urls, behaviour):
    transport = HttpTransport(urls["http"])
    first = transport._client()
    assert transport._client() is first
    transport.close()
    assert transport._client() is not first


def test_canary_is_asked_in_the_pipelines_place(caller, urls, behaviour):
    behaviour.models["punctuate_canary"] = True
    behaviour._punctuate_canary = behaviour._punctuate
    assert caller(urls[caller.protocol], "punctuate", "hello", canary=True) == "Hello."
    assert behaviour.asked == ["punctuate_canary"]


def test_canary_that_the_server_does_not_have_is_not_replaced_by_the_pipeline(caller, urls, behaviour):
    with pytest.raises(ModelNotFoundError, match="punctuate_canary"):
        caller(urls[caller.protocol], "punctuate", "hello", canary=True)


def test_canary_of_a_named_recogniser_is_asked(caller, urls):
    with pytest.raises(ModelNotFoundError, match="audio_to_text_mine_canary"):
        caller(urls[caller.protocol], "transcribe", b"RIFF", canary=True, model="mine")
