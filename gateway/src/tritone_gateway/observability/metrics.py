"""Prometheus metrics of one gateway."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from tritone_gateway.security.callers import Caller

_DURATIONS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_PREFIX = "tritone_gateway"


class Metrics:
    """Counters, gauges and histograms; each series appears with its first value."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._requests = Counter(
            f"{_PREFIX}_requests",
            "Requests and WebSockets that have ended, by the route's template.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._durations = Histogram(
            f"{_PREFIX}_request_duration_seconds",
            "Time from a request's head to the end of its response.",
            ("route",),
            buckets=_DURATIONS_S,
            registry=self.registry,
        )
        self._first_bytes = Histogram(
            f"{_PREFIX}_response_start_seconds",
            "Time from a request's head to the first byte of its response's body.",
            ("route",),
            buckets=_DURATIONS_S,
            registry=self.registry,
        )
        self._running = Gauge(
            f"{_PREFIX}_running", "Requests and open WebSockets.", ("kind",), registry=self.registry
        )
        self._audio = Counter(
            f"{_PREFIX}_audio_seconds",
            "Audio that was recognised or synthesised.",
            ("api", "key"),
            registry=self.registry,
        )
        self._jobs = Gauge(
            f"{_PREFIX}_jobs", "Background jobs that are not finished.", ("state",), registry=self.registry
        )
        # Without these series a rate over a new process would start at nothing instead of zero.
        self.running = {kind: self._running.labels(kind) for kind in ("http", "websocket")}

    def ended(
        self, method: str, route: str, status: int, duration_s: float, first_byte_s: float | None
    ) -> None:
        """Count a request that has ended.

        Args:
            method: of HTTP, or WEBSOCKET.
            route: template, such as /api/asr/{uuid}; never a path, which would make a series per record.
            status: of the response; for a WebSocket the close code.
            duration_s: seconds from its head to the end of the response.
            first_byte_s: seconds until the body began; None if it never did.
        """
        self._requests.labels(method, route, status).inc()
        self._durations.labels(route).observe(duration_s)
        if first_byte_s is not None:
            self._first_bytes.labels(route).observe(first_byte_s)

    def audio_seconds(self, api: str, caller: Caller, seconds: float) -> None:
        """Count audio that was recognised or synthesised.

        Args:
            api: where: asr, tts, openai_transcriptions, openai_speech, listen, ...
            caller: who sent it or asked for it.
            seconds: of audio.
        """
        self._audio.labels(api, caller.name).inc(seconds)

    def jobs(self, *, waiting: int, running: int) -> None:
        """Say how many background jobs there are."""
        self._jobs.labels("waiting").set(waiting)
        self._jobs.labels("running").set(running)
