"""Clients that send requests continuously and never retry, so that they count every failed request."""

from __future__ import annotations

import threading
from itertools import cycle

import psutil
from openai import OpenAI, OpenAIError
from tritone_client import Client, TritoneError

from .conftest import ROOT

RECORDINGS = [ROOT / "demo/recordings" / name for name in ("digits_kal.flac", "novel_slt.flac")]


class Callers:
    """One gRPC client shared by two threads over one connection, one HTTP client and one of the gateway."""

    def __init__(self, node):
        ports = self._ports = node.ports
        self._stopping = threading.Event()
        self._grpc = Client(f"127.0.0.1:{ports.grpc}", retries=0, timeout_s=240)
        self._http = Client(f"127.0.0.1:{ports.http}", protocol="http", retries=0, timeout_s=240)
        self.failures = []
        self._gateway = OpenAI(
            base_url=f"http://127.0.0.1:{node.gateway_port}/v1",
            api_key=node.gateway_key,
            max_retries=0,
            timeout=240,
        )
        self.answers = {"grpc": 0, "http": 0, "gateway": 0}
        tasks = [("grpc", self._transcribe), ("grpc", self._synthesize), ("http", self._both)]
        tasks.append(("gateway", self._through_gateway))
        self._threads = [threading.Thread(target=self._repeat, args=task, daemon=True) for task in tasks]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        for thread in self._threads:
            thread.join(240)
        self._grpc.close()

    def connections(self):
        """Return the local ports of the open connections to the gRPC port."""
        return {
            connection.laddr.port
            for connection in psutil.Process().net_connections("tcp")
            if connection.raddr
            and connection.raddr.port == self._ports.grpc
            and connection.status == psutil.CONN_ESTABLISHED
        }

    def _repeat(self, protocol, request):
        for round_ in cycle(range(1000)):
            if self._stopping.wait(0.2):
                return
            try:
                request(round_)
                self.answers[protocol] += 1
            except (TritoneError, OpenAIError, AssertionError) as error:
                self.failures.append(f"{protocol}: {type(error).__name__}: {error}")

    def _transcribe(self, round_):
        assert self._grpc.transcribe(RECORDINGS[round_ % 2]).transcript, "no words"

    def _synthesize(self, round_):
        assert self._grpc.synthesize(f"Number {round_}.").samples.size, "no sound"

    def _through_gateway(self, round_):
        if round_ % 2:
            speech = self._gateway.audio.speech.create(input="One.", model="tts-1", voice="alloy")
            assert speech.read(), "no sound"
        else:
            found = self._gateway.audio.transcriptions.create(file=RECORDINGS[0], model="whisper-1")
            assert found.text, "no words"

    def _both(self, round_):
        if round_ % 2:
            assert self._http.transcribe(RECORDINGS[0]).transcript, "no words"
        else:
            assert self._http.synthesize("One more.").samples.size, "no sound"
