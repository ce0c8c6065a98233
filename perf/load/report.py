"""Write the report of a load test: as Markdown with plots, and as a single HTML file."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
from markdown_it import MarkdownIt
from markupsafe import Markup

from perf.instruments.layout import MAIN, PIPELINES, base_pipeline
from perf.instruments.load_test_results import (
    CONCURRENCY,
    FAILED,
    MEASURED,
    UNSTABLE,
    LoadTestRun,
    Point,
    ServerLoad,
)
from perf.load.plots import NAMES, draw

MARKDOWN, PAGE = "report.md", "report.html"
_TEMPLATES = Path(__file__).with_name("templates")
_IMAGE = re.compile(r'src="([^":/]+\.png)"')
_NONE = "-"
_PIPELINE_TEXT = "Latencies in ms. CPU and memory are those of the server's machine during the load."
_PARTS_TEXT = "Every model that the pipelines consist of, measured alone. Latencies in ms."


@dataclass(frozen=True)
class Group:
    """Points under one heading."""

    title: str
    explained: str
    points: Sequence[Point]
    several: bool  # models: each row names its own
    works: Point | None = None  # whose time is broken down by model


@dataclass(frozen=True)
class WorkRow:
    """The time of one model per request of a pipeline."""

    model: str
    calls: float  # per request of the pipeline
    batch: float | None  # requests per execution
    queue_ms: float  # per request of the pipeline
    compute_ms: float
    share: float  # of queue and compute of all models


def write_report(run: LoadTestRun, folder: Path, sections: Mapping[str, str] | None = None) -> None:
    """Write report.md, its plots and report.html into a run's folder.

    Args:
        run: what was measured.
        folder: where to write.
        sections: further Markdown by heading.
    """
    plots = draw(run, folder)
    text = markdown(run, plots, sections or {}, raw=(folder / "raw").is_dir())
    (folder / MARKDOWN).write_text(text, encoding="utf-8")
    (folder / PAGE).write_text(page(text, folder), encoding="utf-8")


def markdown(
    run: LoadTestRun, plots: Sequence[tuple[Path, str]], sections: Mapping[str, str], raw: bool = True
) -> str:
    """Return the report as Markdown."""
    counts = Counter(point.status for point in run.points)
    text = (
        _environment()
        .get_template("report.md.j2")
        .render(
            run=run,
            plots=plots,
            sections=sections,
            raw=raw,
            counts={status: counts[status] for status in (MEASURED, UNSTABLE, FAILED)},
            best=_best(run.points),
            remarkable=[p for p in run.points if p.status != MEASURED or p.failures or p.reason],
            groups=_groups(run.points),
            gpus=any(point.server.gpus for point in run.points),
            names=NAMES,
        )
    )
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def page(text: str, folder: Path) -> str:
    """Return Markdown as a self-contained HTML page with embedded images."""

    def embedded(match: re.Match[str]) -> str:
        content = base64.b64encode((folder / match[1]).read_bytes()).decode("ascii")
        return f'src="data:image/png;base64,{content}"'

    body = _IMAGE.sub(embedded, MarkdownIt("commonmark", {"html": False}).enable("table").render(text))
    title = text.partition("\n")[0].lstrip("# ")
    return _environment().get_template("page.html.j2").render(title=title, body=Markup(body))


def work_rows(point: Point) -> list[WorkRow]:
    """Return the time of each model per request, the most expensive first."""
    works = [work for work in point.models if not base_pipeline(work.model) and work.requests]
    total_s = sum(work.queue_s + work.compute_s for work in works)
    rows = [
        WorkRow(
            work.model,
            work.requests / point.requests,
            work.requests / work.executions if work.executions else None,
            work.queue_s * 1000 / point.requests,
            work.compute_s * 1000 / point.requests,
            (work.queue_s + work.compute_s) / total_s if total_s else 0.0,
        )
        for work in works
    ]
    return sorted(rows, key=lambda row: -row.share)


def _environment() -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(_TEMPLATES)
    environment = jinja2.Environment(
        loader=loader,
        autoescape=jinja2.select_autoescape(["html.j2"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        figure=_figure,
        percent=_percent,
        gib=_gib,
        memory=_memory,
        minutes=_minutes,
        cell=_cell,
        load=_load,
        mark=lambda point: " °" if point.status == UNSTABLE else "",
        gpu=_gpu,
        latency=_latency,
        work_rows=work_rows,
    )
    return environment


def _best(points: Sequence[Point]) -> list[Point]:
    """Return each pipeline's best throughput, by protocol."""
    best: dict[tuple[str, str], Point] = {}
    for point in points:
        if base_pipeline(point.model) and point.mode == CONCURRENCY and point.throughput:
            key = point.model, point.protocol
            if key not in best or point.throughput > (best[key].throughput or 0):
                best[key] = point
    order = {name: index for index, name in enumerate(PIPELINES)}
    return [best[key] for key in sorted(best, key=lambda key: (order[base_pipeline(key[0]) or ""], *key))]


def _groups(points: Sequence[Point]) -> list[Group]:
    groups = []
    for model in MAIN:
        own = [point for point in points if point.model == model]
        if own:
            groups.append(Group(model, _PIPELINE_TEXT, own, several=False, works=_shown_work(own)))
    others = [point for point in points if base_pipeline(point.model) and point.model not in MAIN]
    parts = [point for point in points if not base_pipeline(point.model)]
    if others:
        groups.append(Group("Other pipelines", _PIPELINE_TEXT, _by_model(others), several=True))
    if parts:
        groups.append(Group("Composing models", _PARTS_TEXT, _by_model(parts), several=True))
    return groups


def _by_model(points: Sequence[Point]) -> list[Point]:
    order = list(dict.fromkeys(point.model for point in points))
    return sorted(points, key=lambda point: order.index(point.model))


def _shown_work(points: Sequence[Point]) -> Point | None:
    """Return the point whose time is broken down: the concurrency with the best throughput."""
    found = [p for p in points if p.mode == CONCURRENCY and p.latency and p.requests and work_rows(p)]
    return max(found, key=lambda point: point.throughput or 0, default=None)


def _load(point: Point) -> str:
    if point.mode == CONCURRENCY:
        return point.load
    absolute = f"{_figure(point.value)}/s"
    return f"{absolute} ({point.load})" if point.load.endswith("%") else absolute


def _figure(value: float | None) -> str:
    """Format a number with three significant digits and no exponent."""
    if value is None:
        return _NONE
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _percent(share: float | None) -> str:
    return _NONE if share is None else f"{share:.0%}"


def _gib(size: float | None) -> str:
    return _NONE if size is None else f"{size / 2**30:.2f}"


def _memory(server: ServerLoad) -> str:
    whole, own = _gib(server.memory_used_bytes), server.server_pss_bytes
    return whole if own is None else f"{whole} / {_gib(own)}"


def _latency(point: Point, name: str) -> float | None:
    return getattr(point.latency, name) if point.latency else None


def _gpu(point: Point, name: str) -> float | None:
    return getattr(point.server.gpus[0], name) if point.server.gpus else None


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def _cell(text: str) -> str:
    """Escape text for a table cell."""
    plain = " ".join(text.split())
    return re.sub(r"([\\|*`<>\[\]])", r"\\\1", plain)
