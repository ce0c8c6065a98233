"""Scrape configuration, alerts and dashboard agree with each other and with the models."""

import re

import pytest
import yaml
from tritone_gateway.observability.metrics import Metrics

from tritone.repository.configs import read_repositories
from tritone.server import Ports
from tritone.server.options import REPOSITORIES

from .conftest import DOCKER, read_dashboard

CONFIGS = [folder for folder in read_repositories(REPOSITORIES) if folder.config_path.name == "config.pbtxt"]
PIPELINES = {folder.name for folder in CONFIGS if folder.config.platform == "ensemble"}
PIPELINE_PATTERN = r"\((\w+(?:\|\w+)+)\)\(_\.\+\)\?"


def expressions(dashboard):
    """Every PromQL expression of the dashboard, with Grafana's variables filled in."""
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield (
                panel["title"],
                re.sub(r"\$__rate_interval", "1m", target["expr"])
                .replace("$instance", ".*")
                .replace("$model", ".*"),
            )


def test_prometheus_accepts_the_configuration_and_the_alerts(promtool):
    checked = promtool("check", "config", "prometheus.yml")
    assert checked.returncode == 0, checked.stderr + checked.stdout


def test_alerts_fire_exactly_when_they_must(promtool):
    tested = promtool("test", "rules", "alerts_test.yml")
    assert tested.returncode == 0, tested.stderr + tested.stdout


def test_every_alert_is_tested(rules):
    tested = (DOCKER / "prometheus/alerts_test.yml").read_text()
    for rule in rules:
        assert re.search(rf"\b{rule['alert']}\b", tested), rule["alert"]


def test_every_alert_has_severity_and_description(rules):
    for rule in rules:
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]
    assert len({rule["alert"] for rule in rules}) == len(rules)


@pytest.mark.parametrize(("name", "least"), [("triton", 26), ("gateway", 16)])
def test_prometheus_can_parse_a_dashboard(promtool, name, least, tmp_path):
    found = list(expressions(read_dashboard(name)))
    rules = [{"record": f"panel:{index}", "expr": expr} for index, (_, expr) in enumerate(found)]
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    checked = promtool("check", "rules", "panels.yml", folder=tmp_path)
    assert checked.returncode == 0, checked.stderr + checked.stdout
    assert len(rules) >= least


def test_alerts_and_dashboard_cover_every_pipeline(rules, dashboard):
    texts = [rule["expr"] for rule in rules] + [expr for _, expr in expressions(dashboard)]
    named = [set(names.split("|")) for text in texts for names in re.findall(PIPELINE_PATTERN, text)]
    assert named
    assert all(names == PIPELINES for names in named)
    (missing,) = [rule["expr"] for rule in rules if rule["alert"] == "PipelineMissing"]
    assert set(re.findall(r'model="(\w+)"', missing)) == PIPELINES


def test_alert_for_queues_fires_when_they_are_at_least_three_quarters_full(rules):
    (rule,) = [rule for rule in rules if rule["alert"] == "QueueNearlyFull"]
    threshold = float(rule["expr"].rpartition(">=")[2])
    fronts = [folder.config.parameters for folder in CONFIGS if "queue_requests" in folder.config.parameters]
    assert fronts
    for parameters in fronts:
        running, waiting = (
            int(parameters[name].string_value) for name in ("requests_in_flight", "queue_requests")
        )
        assert 0.75 <= (threshold - running) / waiting < 1


def test_prometheus_scrapes_the_server_of_the_compose_file(compose):
    configuration = yaml.safe_load((DOCKER / "prometheus/prometheus.yml").read_text())
    scraped = {
        job["job_name"]: job["static_configs"][0]["targets"] for job in configuration["scrape_configs"]
    }
    assert scraped.keys() == {"tritone", "tritone-gateway"}
    host, _, port = scraped["tritone"][0].partition(":")
    assert host in compose["x-triton"]["networks"]["default"]["aliases"]
    assert int(port) == Ports().metrics
    host, _, port = scraped["tritone-gateway"][0].partition(":")
    gateway = compose["services"][host]
    assert gateway["environment"]["TRITONE_METRICS_PORT"] == port
    assert not any(published.endswith(f":{port}") for published in gateway["ports"])
    assert all((DOCKER / "prometheus" / name).is_file() for name in configuration["rule_files"])


def test_grafana_loads_the_data_source_and_the_dashboard(compose, dashboard):
    folder = DOCKER / "grafana/provisioning"
    (source,) = yaml.safe_load((folder / "datasources/prometheus.yaml").read_text())["datasources"]
    assert source["url"] == "http://prometheus:9090"
    (chosen,) = [variable for variable in dashboard["templating"]["list"] if variable["name"] == "datasource"]
    assert chosen["current"]["value"] == source["uid"]
    (provider,) = yaml.safe_load((folder / "dashboards/tritone.yaml").read_text())["providers"]
    mounted = [
        volume
        for volume in compose["services"]["grafana"]["volumes"]
        if provider["options"]["path"] in volume
    ]
    assert mounted == [f"./grafana/dashboards:{provider['options']['path']}:ro"]


@pytest.mark.parametrize("name", ["triton", "gateway"])
def test_panels_do_not_overlap_and_have_units(name):
    dashboard = read_dashboard(name)
    taken = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
        if panel["type"] != "row":
            assert panel["targets"], panel["title"]
            assert panel["fieldConfig"]["defaults"]["unit"]
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)


def test_dashboard_shows_traffic_failures_queues_and_latency(dashboard):
    queries = " ".join(expr for _, expr in expressions(dashboard))
    for metric in ("request_success", "request_failure", "queue_duration", "pending", "summary"):
        assert metric in queries


def test_gateways_dashboard_and_alerts_use_metrics_that_it_has(rules):
    offered = {
        name
        for metric in Metrics().registry.collect()
        for suffix in ("", "_total", "_bucket", "_count", "_sum")
        for name in (metric.name + suffix,)
    }
    texts = [rule["expr"] for rule in rules] + [expr for _, expr in expressions(read_dashboard("gateway"))]
    used = {name for text in texts for name in re.findall(r"\b(?:tritone_gateway|process)_\w+", text)}
    assert len(used) > 6
    assert used <= offered
