"""What Prometheus and the log see of requests."""

import json
import logging
import time

import httpx
import pytest
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families
from tritone_gateway.command import main
from tritone_gateway.settings import Settings

from tests.gateway.serving import RunningGateway
from tests.server.conftest import RECORDINGS
from tritone.server import Ports

FILE = RECORDINGS / "report_us.flac"
SECRET = "sk-nobody-may-see-this"


def samples(http):
    """The metrics by name and labels."""
    text = http.get("/metrics").text
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def total(values, name, **labels):
    """The sum of the series that have the labels."""
    wanted = set(labels.items())
    return sum(value for (found, *given), value in values.items() if found == name and wanted <= set(given))


def transcribe(http, **headers):
    with FILE.open("rb") as file:
        return http.post(
            "/v1/audio/transcriptions",
            files={"file": ("my-diary.flac", file)},
            data={"model": "whisper-1", "prompt": "convicts"},
            headers=headers,
        )


def test_requests_are_counted_by_template_and_status(http):
    before = samples(http)
    assert transcribe(http).status_code == 200
    for name in ("one", "two"):
        http.get(f"/v1/models/{name}")
    http.get("/secret-folder/of-somebody")
    after = samples(http)
    name = "tritone_gateway_requests_total"

    def more(**labels):
        return total(after, name, **labels) - total(before, name, **labels)

    assert more(route="/v1/audio/transcriptions", method="POST", status="200") == 1
    assert more(route="/v1/models/{name}", status="404") == 2
    assert more(route="unmatched", status="404") == 1
    assert not any("secret-folder" in str(key) for key in after)
    audio = {"name": "tritone_gateway_audio_seconds_total", "api": "openai_transcriptions", "key": "local"}
    assert total(after, **audio) - total(before, **audio) == pytest.approx(8.39, abs=0.01)
    counted = total(after, "tritone_gateway_request_duration_seconds_count", route="/v1/audio/transcriptions")
    assert counted >= 1
    assert total(after, "tritone_gateway_running", kind="http") == 1  # the request for the metrics


def test_unknown_methods_do_not_make_series(http):
    http.request("BREW", "/health/live")
    assert not any("BREW" in str(key) for key in samples(http))


def test_request_id_of_a_proxy_is_kept_and_anything_odd_replaced(http):
    kept = http.get("/health/live", headers={"X-Request-ID": "abc-123"})
    assert kept.headers["x-request-id"] == "abc-123"
    replaced = http.get("/health/live", headers={"X-Request-ID": 'abc"}{"level":"error'})
    assert len(replaced.headers["x-request-id"]) == 16
    assert http.get("/nowhere").headers["x-request-id"]


def test_log_line_has_what_happened_and_nothing_of_the_caller(http, caplog):
    with caplog.at_level(logging.DEBUG, logger="tritone_gateway"):
        text = transcribe(
            http, **{"Authorization": f"Bearer {SECRET}", "X-Request-ID": "from-the-proxy"}
        ).json()
        http.get("/v1/models/nobody?token=geheim")
    lines = [record for record in caplog.records if record.name == "tritone_gateway.requests"]
    first = lines[0].fields
    assert first["route"] == "/v1/audio/transcriptions"
    assert first["status"] == 200
    assert first["key"] == "local"
    assert first["ms"] > 0
    shown = json.dumps([record.__dict__ for record in lines], default=str)
    words = [word for word in text["text"].split() if len(word) > 5]
    assert words
    for hidden in (SECRET, "my-diary", "geheim", "nobody", *words):
        assert hidden not in shown


@pytest.mark.parametrize("accepted", ["text/plain", "application/openmetrics-text; version=1.0.0"])
def test_metrics_come_in_the_format_that_is_asked_for(gateway, accepted):
    answer = httpx.get(f"{gateway.url}/metrics", headers={"Accept": accepted})
    assert answer.headers["content-type"].startswith(accepted.partition(";")[0])
    assert "tritone_gateway_running" in answer.text


def test_metrics_need_a_key_with_their_scope_except_on_a_port_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setenv("TRITONE_DATA_FOLDER", str(tmp_path))
    made = [
        CliRunner().invoke(main, ["keys", "create", name, *options]).stdout.strip()
        for name, options in (("caller", ()), ("prometheus", ("--scope", "metrics")))
    ]
    port = Ports.free().metrics
    settings = Settings(triton_url="127.0.0.1:9", metrics_port=port, require_keys=True, data_folder=tmp_path)
    with RunningGateway(settings) as gateway:
        asked = [
            httpx.get(f"{gateway.url}/metrics", headers={"Authorization": f"Bearer {key}"} if key else {})
            for key in ("", *made)
        ]
        assert [answer.status_code for answer in asked] == [401, 403, 200]
        assert "tritone_gateway_running" in httpx.get(f"http://127.0.0.1:{port}/metrics").text
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/metrics")


def test_health_command_succeeds_where_triton_is_ready(gateway):
    asked = CliRunner().invoke(main, ["health", "--gateway-port", str(gateway.port)])
    assert (asked.exit_code, asked.output) == (0, "ready\n")


def test_addresses_are_logged_when_triton_is_ready(server, caplog):
    with caplog.at_level(logging.INFO, logger="tritone_gateway"):
        with RunningGateway(Settings(triton_url=server.grpc_url)) as gateway:
            deadline = time.monotonic() + 20
            while not (found := [line for line in caplog.records if line.getMessage() == "ready"]):
                assert time.monotonic() < deadline
                time.sleep(0.05)
        assert found[0].fields == {"page": f"{gateway.url}/", "documentation": f"{gateway.url}/docs"}
