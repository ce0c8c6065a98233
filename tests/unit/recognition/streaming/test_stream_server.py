"""Many streams at a time: order, places, errors, abandoned streams, and the end of the server."""

import threading
import time
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest

from tritone.errors import AudioError, CancelledError, InputError, ModelLostError, OverloadError
from tritone.recognition.streaming.server import ServerLimits, StreamServer

from .networks import RATE, Ears, options, pause, tone

LIMITS = ServerLimits(streams=3, idle_s=30, finals=2, final_timeout_s=5, waiting_s=60, round_s=0.001)


@dataclass
class Reply:
    """Keeps what one request is answered with."""

    cancelled: bool = False
    results: list = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def is_cancelled(self):
        return self.cancelled

    def send(self, *result):
        self.results.append(result)
        self.done.set()

    def fail(self, error):
        self.send(error)

    def answer(self):
        assert self.done.wait(10)
        (result,) = self.results
        if isinstance(result[0], Exception):
            raise result[0]
        return result


class Host:
    """A server of streams over the networks of these tests."""

    def __init__(self, limits=LIMITS, stopping=None, **recogniser):
        self.ears, self.counts = Ears(), []
        self.server = StreamServer(
            self.ears.recognizer(**recogniser),
            SimpleNamespace(read=lambda parameters: options(**parameters)),
            limits,
            lambda error: isinstance(error, OverloadError),
            self.counts.append,
            stopping,
        )

    def send(self, key, samples, *, start=False, end=False, reply=None, **parameters):
        reply = reply or Reply()
        request = SimpleNamespace(key=key, start=start, end=end, parameters=parameters, reply=reply)
        self.server.submit(request, lambda: samples)
        return reply

    def whole(self, key, samples, **parameters):
        return self.send(key, samples, start=True, end=True, **parameters).answer()


@pytest.fixture
def host():
    made = Host()
    yield made
    made.server.close()


def test_chunks_of_a_stream_are_answered_in_order(host):
    chunks = np.split(np.concatenate([tone("a", 2), pause(1)]), 30)
    replies = [host.send(1, chunk, start=k == 0, end=k == 29) for k, chunk in enumerate(chunks)]
    seconds = [reply.answer()[0].audio_processed_s for reply in replies]
    assert seconds == sorted(seconds)
    assert seconds[-1] == 3


def test_chunks_that_arrive_during_a_round_share_the_next_one():
    host = Host(ServerLimits(9, 30, 2, 5, 60, 0.3))
    host.send(0, tone("a", 1), start=True).answer()
    replies = [host.send(key, tone("a", 1), start=True) for key in range(1, 7)]
    for reply in replies:
        reply.answer()
    assert [shape[0] for shape in host.ears.calls["acoustic"]] == [1, 6]
    host.server.close()


def test_a_slow_final_pass_does_not_stop_other_streams():
    free = threading.Event()

    def slow(audio, length, **parameters):
        free.wait(10)
        return Ears().final(audio, length)

    host = Host(final=slow)
    try:
        first = host.send(1, tone("a", 1), start=True, end=True)
        for k in range(10):
            host.send(2, tone("b", 0.4), start=k == 0).answer()
        assert not first.done.is_set()
        free.set()
        assert first.answer()[1].transcript == b"16000 samples"
    finally:
        free.set()
        host.server.close()


def test_a_stream_waits_for_its_own_final_pass():
    free = threading.Event()

    def slow(audio, length, **parameters):
        free.wait(10)
        return Ears().final(audio, length)

    host = Host(final=slow)
    try:
        first = host.send(1, np.concatenate([tone("a", 1), pause(2)]), start=True)
        second = host.send(1, tone("b", 1))
        time.sleep(0.2)
        assert not second.done.is_set()
        free.set()
        assert first.answer()[0].segment
        assert second.answer()[0].interim.transcript
    finally:
        free.set()
        host.server.close()


def test_a_stream_beyond_the_places_is_refused_and_an_end_frees_one(host):
    for key in (1, "two", 3):
        host.send(key, tone("a", 1), start=True)
    with pytest.raises(
        OverloadError, match="expected at most 3 streams at a time, got one more; retry later"
    ):
        host.send(4, tone("a", 1), start=True)
    host.send("two", tone("a", 1), end=True)
    host.send(4, tone("a", 1), start=True)
    assert host.counts[-1] == 3


def test_a_chunk_of_no_stream_is_refused(host):
    with pytest.raises(InputError, match="expected one that has been started and has not ended"):
        host.send(1, tone("a", 1))
    host.whole(1, tone("a", 1))
    with pytest.raises(InputError, match="Start a new stream"):
        host.send(1, tone("a", 1))


def test_a_refused_chunk_leaves_its_stream_as_it_was(host):
    def refuse():
        raise AudioError("audio: expected finite samples")

    request = SimpleNamespace(key=1, start=False, end=False, parameters={}, reply=Reply())
    host.send(1, tone("a", 0.5), start=True)
    with pytest.raises(AudioError):
        host.server.submit(request, refuse)
    assert host.send(1, tone("a", 0.5), end=True).answer()[0].audio_processed_s == 1


def test_a_refused_last_chunk_ends_its_stream(host):
    def refuse():
        raise AudioError("audio: expected finite samples")

    host.send(1, tone("a", 0.5), start=True)
    request = SimpleNamespace(key=1, start=False, end=True, parameters={}, reply=Reply())
    with pytest.raises(AudioError):
        host.server.submit(request, refuse)
    assert host.counts[-1] == 0


def test_a_failing_network_is_the_answer_and_the_stream_goes_on(host):
    working = host.ears.calls["acoustic"]
    host.send(1, tone("a", 1), start=True).answer()
    network = host.server._recognizer._networks

    def lost(*arrays):
        raise ModelLostError("asr: expected a living process")

    object.__setattr__(network, "acoustic", lost)
    with pytest.raises(ModelLostError):
        host.send(1, tone("b", 1)).answer()
    object.__setattr__(network, "acoustic", host.ears.acoustic)
    assert host.send(1, tone("c", 1)).answer()[0].interim.transcript.replace(" ", "") == "abc"
    assert len(working) >= 2


def test_an_overloaded_recogniser_is_asked_again():
    calls = []

    def full(audio, length, **parameters):
        calls.append(audio.shape)
        if len(calls) < 3:
            raise OverloadError("expected at most 1 waiting requests, got one more; retry later.")
        return Ears().final(audio, length)

    host = Host(final=full)
    assert host.whole(1, tone("a", 1))[1].transcript == b"16000 samples"
    assert len(calls) == 3
    host.server.close()


def test_an_abandoned_stream_loses_its_place():
    host = Host(ServerLimits(3, 0.2, 2, 5, 60, 0.001))
    host.send(1, tone("a", 1), start=True).answer()
    deadline = time.monotonic() + 10
    while host.counts[-1] and time.monotonic() < deadline:
        time.sleep(0.05)
    with pytest.raises(InputError, match=r"had no chunk for 0.2 s"):
        host.send(1, tone("a", 1))
    host.server.close()


def test_a_stream_of_a_client_that_has_gone_is_dropped(host):
    host.send(1, tone("a", 1), start=True).answer()
    gone = Reply(cancelled=True)
    host.send(1, tone("a", 1), reply=gone)
    with pytest.raises(CancelledError):
        gone.answer()
    assert host.counts[-1] == 0


def test_too_much_waiting_audio_is_refused():
    free = threading.Event()

    def slow(audio, length, **parameters):
        free.wait(10)
        return Ears().final(audio, length)

    host = Host(ServerLimits(3, 30, 2, 5, 4, 0.001), final=slow)
    host.send(1, np.concatenate([tone("a", 1), pause(2)]), start=True)
    time.sleep(0.2)
    host.send(1, pause(3))
    with pytest.raises(OverloadError, match="expected at most 4 s of audio that waits"):
        host.send(1, pause(2))
    free.set()
    host.server.close()


def test_a_stopping_server_ends_streams_at_their_next_chunk(tmp_path):
    stopping = tmp_path / "stopping"
    host = Host(stopping=stopping)
    for key in (1, 2):
        host.send(key, tone("a", 1), start=True).answer()
    stopping.touch()
    time.sleep(1.2)
    final = host.send(1, tone("b", 1)).answer()
    assert final[0].segment.samples.size == 2 * RATE
    with pytest.raises(OverloadError, match="one that stops, which has ended the stream"):
        host.send(1, tone("a", 1))
    with pytest.raises(OverloadError, match="got one that stops; retry"):
        host.send(5, tone("a", 1), start=True)
    deadline = time.monotonic() + 10
    while host.counts[-1] and time.monotonic() < deadline:  # the other client is quiet
        time.sleep(0.05)
    assert host.counts[-1] == 0
    host.server.close()
