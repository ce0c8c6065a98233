import http.server
import socket
import threading
import time
from pathlib import Path

import pytest

from perf.instruments.errors import MeasurementError
from perf.instruments.load_test_results import GpuLoad, ModelWork
from perf.instruments.metrics import fetch, model_work, parse, work_between
from perf.load.server_watch import ServerWatch

PAGE = (Path(__file__).with_name("samples") / "metrics.txt").read_text()


@pytest.fixture
def url():
    """A server of the page."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(PAGE.encode())

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/metrics"
        server.shutdown()


def test_counters_are_summed_by_model():
    works = model_work(parse(PAGE))
    assert works["asr_quartznet"] == ModelWork("asr_quartznet", 24, 12, 0.024, 0.243, 3)
    assert works["speech_to_text"] == ModelWork("speech_to_text", 20, 0, 0.0, 0.0, 6, 0.5)


def test_only_models_with_requests_between_two_readings_are_listed():
    before = {"asr_quartznet": ModelWork("asr_quartznet", 4, 2, 0.004, 0.043, 3)}
    after = model_work(parse(PAGE))
    del after["tts_waveglow"]
    works = work_between(before | {"tts_waveglow": ModelWork("tts_waveglow", 2, 2, 0.0, 1.0)}, after)
    assert [work.model for work in works] == ["asr_quartznet", "speech_to_text"]
    assert (works[0].requests, works[0].executions, works[0].failures) == (20, 10, 0)
    assert (works[0].queue_ms, works[0].compute_ms) == pytest.approx((1.0, 10.0))


def test_a_watch_reads_the_servers_load(url):
    with ServerWatch(url, None, period_s=0.01) as watch:
        time.sleep(0.3)
    load = watch.load()
    assert (load.cpu_utilization, load.memory_used_bytes) == (0.75, 4e9)
    assert load.gpus == (GpuLoad("GPU-0a", 0.5, 1e9, 70.5),)
    assert load.server_cores is None
    assert load.server_pss_bytes is None


def test_a_watch_reads_its_own_processes(url):
    import os

    with ServerWatch(url, os.getpid(), period_s=0.01) as watch:
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            sum(range(1000))
    load = watch.load()
    assert load.server_cores > 0.1
    assert load.server_pss_bytes > 1e6


def test_missing_metrics_are_reported_with_their_address():
    with pytest.raises(
        MeasurementError, match=r"metrics: expected Triton's at http://127\.0\.0\.1:9/metrics"
    ):
        fetch("http://127.0.0.1:9/metrics")


def test_a_truncated_response_is_reported():
    def answer(listener):
        connection, _ = listener.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer, args=(listener,), daemon=True).start()
        with pytest.raises(MeasurementError, match="metrics: expected Triton's"):
            fetch(f"http://127.0.0.1:{listener.getsockname()[1]}/metrics")
