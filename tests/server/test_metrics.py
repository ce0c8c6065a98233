"""What alerts and dashboard ask for is what the real server exports, and a real Prometheus reads it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import numpy as np
import pytest
from tritonclient.utils import InferenceServerException

from tritone.server import Ports

from .conftest import ROOT, stand_in_only, text

ALERTS = ROOT / "docker/prometheus/alerts.yml"
DASHBOARD = ROOT / "docker/grafana/dashboards/triton.json"
# Exported only where there is a GPU.
ON_GPUS = {
    "nv_gpu_utilization",
    "nv_gpu_memory_used_bytes",
    "nv_gpu_memory_total_bytes",
    "nv_gpu_power_usage",
    "nv_gpu_power_limit",
}
METRIC = r"\bnv_\w+"


@pytest.fixture
def metrics(server, infer):
    """The lines of the live server's metrics, after a request that succeeded and one that failed."""
    infer("punctuate", transcript=text("how are you today"))
    with pytest.raises(InferenceServerException):
        infer("punctuate", transcript=text(""))
    with urllib.request.urlopen(server.metrics_url, timeout=10) as answer:
        return answer.read().decode().splitlines()


@stand_in_only  # the image has a server of its own
def test_bundled_server_is_the_one_that_the_documents_name(client):
    named = re.search(r"The Triton binary \(([\d.]+)\)", (ROOT / "requirements/triton.txt").read_text())
    assert client.get_server_metadata().version == named[1]


@pytest.mark.parametrize("page", [ALERTS, DASHBOARD], ids=lambda path: path.name)
def test_metrics_that_are_watched_exist(metrics, page):
    exported = {line.split()[2] for line in metrics if line.startswith("# TYPE ")}
    watched = set(re.findall(METRIC, page.read_text()))
    assert watched - exported - ON_GPUS == set()
    assert len(watched - ON_GPUS) > 5


def test_labels_that_are_watched_exist(metrics):
    reasons = {found[1] for line in metrics if (found := re.search(r'reason="(\w+)"', line))}
    watched = set(re.findall(r'reason="(\w+)"', ALERTS.read_text()))
    assert watched <= reasons
    quantiles = {found[1] for line in metrics if (found := re.search(r'quantile="([\d.]+)"', line))}
    assert (
        set(re.findall(r'quantile=\\?"([\d.]+)\\?"', ALERTS.read_text() + DASHBOARD.read_text())) <= quantiles
    )


def test_failed_request_to_a_pipeline_counts_twice(server, infer):
    """As alerts and dashboard reckon; a Triton that counts once makes both halve too much."""

    def failures():
        with urllib.request.urlopen(server.metrics_url, timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return sum(
            float(line.split()[-1])
            for line in lines
            if line.startswith('nv_inference_request_failure{model="punctuate"')
        )

    before = failures()
    for _ in range(3):
        with pytest.raises(InferenceServerException):
            infer("punctuate", transcript=text(""))
    deadline = time.monotonic() + 10  # a pipeline's own failure is counted after its answer
    while failures() - before < 6 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert failures() - before == 6


@pytest.fixture
def prometheus(server, tmp_path):
    """Return a function that asks a real Prometheus with our rules, which scrapes the live server."""
    binary = shutil.which("prometheus")
    if binary is None:
        pytest.skip("prometheus is not installed: make test-packages")
    shutil.copy(ALERTS, tmp_path)
    configuration = (ROOT / "docker/prometheus/prometheus.yml").read_text()
    target = f"{server.metrics_url.removeprefix('http://').removesuffix('/metrics')}"
    (tmp_path / "prometheus.yml").write_text(
        configuration.replace("triton:8002", target).replace("_interval: 10s", "_interval: 1s")
    )
    address = f"127.0.0.1:{Ports.free().http}"
    process = subprocess.Popen(
        [
            binary,
            f"--config.file={tmp_path}/prometheus.yml",
            f"--storage.tsdb.path={tmp_path}/data",
            f"--web.listen-address={address}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=(tmp_path / "log").open("w"),
    )

    def ask(path, **parameters):
        url = f"http://{address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        deadline = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(url, timeout=10) as answer:
                    return json.load(answer)["data"]
            except (urllib.error.URLError, OSError):
                assert process.poll() is None, (tmp_path / "log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.2)

    yield ask
    process.terminate()
    process.wait(30)


def test_real_prometheus_scrapes_the_server_and_evaluates_every_alert(prometheus, infer, metrics):
    deadline = time.monotonic() + 60
    while True:
        infer("punctuate", transcript=text("how are you today"))
        groups = prometheus("rules")["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        # Rates need more than one scrape.
        scraped = prometheus("query", query='count_over_time(up{job="tritone"}[30s]) > 2')["result"]
        if scraped and rules and all(rule["health"] != "unknown" for rule in rules):
            break
        assert time.monotonic() < deadline
        time.sleep(0.5)
    assert [rule["lastError"] for rule in rules if rule["health"] != "ok"] == []
    assert len(rules) == ALERTS.read_text().count("- alert:")
    (up,) = prometheus("query", query='up{job="tritone"}')["result"]
    assert up["value"][1] == "1"
    (success,) = prometheus("query", query='nv_inference_request_success{model="punctuate"}')["result"]
    assert float(success["value"][1]) > 0
    assert np.isfinite(
        float(prometheus("query", query="max(nv_cpu_memory_total_bytes)")["result"][0]["value"][1])
    )
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", []):
            shown = prometheus("query", query=filled_in(target["expr"]))["result"]
            assert shown or may_be_empty(target["expr"]), panel["title"]
    firing = [alert["labels"]["alertname"] for alert in prometheus("alerts")["alerts"]]
    assert not {"TritonDown", "PipelineMissing", "PipelineAnswersNothing"} & set(firing)


def filled_in(expression):
    """An expression of the dashboard with Grafana's variables replaced."""
    for variable, value in (("$__rate_interval", "30s"), ("$instance", ".*"), ("$model", ".*")):
        expression = expression.replace(variable, value)
    return expression


def may_be_empty(expression):
    """Whether a panel rightly shows nothing: there is no GPU, or nothing failed."""
    return ON_GPUS & set(re.findall(METRIC, expression)) or expression.endswith("> 0")
