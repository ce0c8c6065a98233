"""Plots of a load test: throughput and latency, time by model, all models, the server's machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import pyplot
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from perf.instruments.layout import MAIN
from perf.instruments.load_test_results import CONCURRENCY, RATE, UNSTABLE, LoadTestRun, Point

COLORS = {"grpc": "tab:blue", "http": "tab:orange"}
NAMES = {"grpc": "gRPC", "http": "HTTP"}
_MARKS = {"p50_ms": "o", "p95_ms": "s", "p99_ms": "^"}
_LINES = {"p50_ms": "-", "p95_ms": "--", "p99_ms": ":"}
_STYLE: Any = {
    "font.size": 9,
    "axes.grid": True,
    "grid.alpha": 0.3,
    "legend.fontsize": 8,
    "legend.framealpha": 0.8,
}


def draw(run: LoadTestRun, folder: Path) -> list[tuple[Path, str]]:
    """Write all plots for which a run has figures; return their files and captions."""
    drawn = []
    with pyplot.rc_context(_STYLE):
        for model in MAIN:
            points = [point for point in run.points if point.model == model and point.latency]
            if points:
                drawn.append(_save(_loads(model, points), folder / f"{model}_load.png", _LOAD_CAPTION))
                shares = _shares(model, points)
                if shares is not None:
                    drawn.append(_save(shares, folder / f"{model}_time.png", _TIME_CAPTION))
        if any(point.latency for point in run.points):
            drawn.append(_save(_models(run), folder / "models.png", _MODELS_CAPTION))
        server = _server(run)
        if server is not None:
            drawn.append(_save(server, folder / "server.png", _SERVER_CAPTION))
    return drawn


_LOAD_CAPTION = (
    "throughput and latency over concurrency, and latency over the request rate; hollow marks: unstable, the "
    "measurement windows differed by more than allowed; failed loads are in the table only"
)
_TIME_CAPTION = (
    "time of the models per request of the pipeline: full bars compute, hatched bars wait in a queue. The "
    "sum of models that run in parallel exceeds the latency (line); waiting for other models is not counted"
)
_MODELS_CAPTION = (
    "throughput and p95 of every model alone, at the highest concurrency at which all were measured"
)
_SERVER_CAPTION = "the server's machine with the pipelines under load"


def _save(figure: Any, path: Path, caption: str) -> tuple[Path, str]:
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
    return path, caption


def _loads(model: str, points: Sequence[Point]) -> Any:
    modes = [mode for mode in (CONCURRENCY, RATE) if any(point.mode == mode for point in points)]
    panels = len(modes) + (CONCURRENCY in modes)
    figure, axes = pyplot.subplots(
        1, panels, figsize=(4.1 * panels, 3.6), squeeze=False, layout="constrained"
    )
    remaining = list(axes[0])
    if CONCURRENCY in modes:
        _throughput(remaining.pop(0), [point for point in points if point.mode == CONCURRENCY])
    for mode in modes:
        panel = remaining.pop(0)
        _latencies(panel, [point for point in points if point.mode == mode])
        panel.set_xlabel("concurrent requests" if mode == CONCURRENCY else "offered requests per second")
        if mode == CONCURRENCY:
            _powers_of_two(panel, points)
        else:
            panel.set_xlim(left=0)
    figure.suptitle(model)
    return figure


def _throughput(panel: Any, points: Sequence[Point]) -> None:
    for protocol in COLORS:
        chosen = sorted((point for point in points if point.protocol == protocol), key=lambda p: p.value)
        if chosen:
            values = [point.value for point in chosen]
            figures = [point.throughput for point in chosen]
            panel.plot(values, figures, "-", color=COLORS[protocol], label=NAMES[protocol])
            _marks(panel, chosen, values, figures, "o", COLORS[protocol])
    panel.set_ylim(bottom=0)
    panel.set_xlabel("concurrent requests")
    panel.set_ylabel("requests per second")
    panel.legend(loc="lower right")
    _powers_of_two(panel, points)
    per_request = next(
        (p.audio_s_per_s / p.throughput for p in points if p.audio_s_per_s and p.throughput), None
    )
    if per_request:
        other = panel.secondary_yaxis(
            "right", functions=(lambda rate: rate * per_request, lambda audio: audio / per_request)
        )
        other.set_ylabel("seconds of audio per second")


def _latencies(panel: Any, points: Sequence[Point]) -> None:
    for protocol in COLORS:
        chosen = sorted((point for point in points if point.protocol == protocol), key=lambda p: p.value)
        for name, line in _LINES.items():
            if chosen:
                values = [point.value for point in chosen]
                figures = [getattr(point.latency, name) for point in chosen]
                label = f"{NAMES[protocol]} {name.removesuffix('_ms')}"
                panel.plot(values, figures, line, color=COLORS[protocol], label=label)
                _marks(panel, chosen, values, figures, _MARKS[name], COLORS[protocol])
    panel.set_yscale("log")
    panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5, 7)))
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panel.yaxis.set_minor_locator(NullLocator())
    panel.set_ylabel("latency, ms")
    panel.legend(loc="best", ncols=2)


def _marks(
    panel: Any, points: Sequence[Point], x: Sequence[Any], y: Sequence[Any], mark: str, color: str
) -> None:
    for point, at, height in zip(points, x, y, strict=True):
        face = "white" if point.status == UNSTABLE else color
        panel.plot([at], [height], mark, color=color, markerfacecolor=face, markersize=5)


def _powers_of_two(panel: Any, points: Sequence[Point]) -> None:
    values = sorted({point.value for point in points if point.mode == CONCURRENCY})
    panel.set_xscale("log", base=2)
    panel.set_xticks(values, [f"{value:g}" for value in values])
    panel.xaxis.set_minor_locator(NullLocator())


def _shares(model: str, points: Sequence[Point]) -> Any:
    """Stack the time of every model per request of the pipeline, over the loads of one protocol."""
    protocol = "grpc" if any(point.protocol == "grpc" for point in points) else "http"
    chosen = [p for p in points if p.protocol == protocol and p.mode == CONCURRENCY and p.requests]
    works = [{w.model: w for w in p.models if w.model != model} for p in chosen]
    names = sorted(
        {name for work in works for name in work if name},
        key=lambda name: -max(w[name].compute_s + w[name].queue_s for w in works if name in w),
    )
    if not chosen or not names:
        return None
    figure, panel = pyplot.subplots(figsize=(8.2, 4.2), layout="constrained")
    places = np.arange(len(chosen))
    base = np.zeros(len(chosen))
    for index, name in enumerate(names):
        for part, hatch in (("compute_s", None), ("queue_s", "////")):
            heights = np.array(
                [
                    getattr(work[name], part) * 1000 / point.requests if name in work else 0.0
                    for work, point in zip(works, chosen, strict=True)
                ]
            )
            label = name if part == "compute_s" else None
            color = f"C{index % 10}"
            panel.bar(
                places,
                heights,
                0.6,
                base,
                color=color,
                hatch=hatch,
                label=label,
                edgecolor="white",
                alpha=0.95,
            )
            base += heights
    panel.plot(
        places,
        [p.latency.mean_ms for p in chosen if p.latency],
        "kD--",
        label="mean latency",
        linewidth=1,
        markersize=4,
    )
    panel.bar([0], [0], color="0.6", hatch="////", edgecolor="white", label="hatched: queue")
    panel.set_xticks(places, [point.load for point in chosen])
    panel.set_xlabel(f"concurrent requests, {NAMES[protocol]}")
    panel.set_ylabel("ms per request of the pipeline")
    panel.set_title(model, fontsize=10)
    panel.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0))
    return figure


def _models(run: LoadTestRun) -> Any:
    """Compare all models at one concurrency."""
    measured = [point for point in run.points if point.mode == CONCURRENCY and point.latency]
    names = list(dict.fromkeys(point.model for point in measured))
    common = set.intersection(*({p.load for p in measured if p.model == name} for name in names))
    load = max(common, key=int) if common else max({p.load for p in measured}, key=int)
    figure, axes = pyplot.subplots(
        1, 2, figsize=(10, 0.36 * len(names) + 1.4), sharey=True, layout="constrained"
    )
    places = np.arange(len(names))[::-1]
    protocols = [protocol for protocol in COLORS if any(p.protocol == protocol for p in measured)]
    shifts = (0.2, -0.2) if len(protocols) > 1 else (0.0,)
    for shift, protocol in zip(shifts, protocols, strict=True):
        points = {p.model: p for p in measured if (p.protocol, p.load) == (protocol, load)}
        for panel, figures in (
            (axes[0], [points[n].throughput if n in points else None for n in names]),
            (axes[1], [points[n].latency.p95_ms if n in points else None for n in names]),  # type: ignore[union-attr]
        ):
            shown = [(at, number) for at, number in zip(places, figures, strict=True) if number]
            if shown:
                where, widths = zip(*shown, strict=True)
                bars = panel.barh(
                    np.array(where) + shift, widths, 0.38, color=COLORS[protocol], label=NAMES[protocol]
                )
                panel.bar_label(bars, [_number(width) for width in widths], fontsize=7, padding=2)
    axes[0].set_yticks(places, names)
    for panel, label in zip(axes, ("requests per second", "p95 latency, ms"), strict=True):
        panel.set_xscale("log")
        panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        panel.set_xlabel(label)
        panel.margins(x=0.15, y=0.02)
        panel.grid(axis="y", visible=False)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower right", ncols=2)
    figure.suptitle(f"all models, concurrency {load}")
    return figure


def _server(run: LoadTestRun) -> Any:
    """Draw cores and memory of the server over the concurrency of the main pipelines."""
    points = [
        p
        for p in run.points
        if p.model in MAIN and p.mode == CONCURRENCY and p.protocol == run.points[0].protocol and p.requests
    ]
    if not points:
        return None
    gpu = any(point.server.gpus for point in points)
    figure, axes = pyplot.subplots(1, 4 if gpu else 2, figsize=(16 if gpu else 9, 4), layout="constrained")
    for model, color in zip(MAIN, ("tab:green", "tab:purple"), strict=True):
        chosen = sorted((point for point in points if point.model == model), key=lambda p: p.value)
        values = [point.value for point in chosen]
        series: list[tuple[Any, list[float | None], str, str]] = [
            (axes[0], [_percent(p.server.cpu_utilization) for p in chosen], "-o", "all processes (Triton)"),
            (axes[1], [_gib(p.server.memory_used_bytes) for p in chosen], "-o", "whole machine (Triton)"),
            (axes[1], [_gib(p.server.server_pss_bytes) for p in chosen], "--s", "server's processes (PSS)"),
        ]
        if gpu:
            series += [
                (axes[2], [_percent(_first_gpu(p, "utilization")) for p in chosen], "-o", "GPU"),
                (axes[3], [_gib(_first_gpu(p, "memory_used_bytes")) for p in chosen], "-o", "GPU"),
            ]
        for panel, figures, line, label in series:
            if any(number is not None for number in figures):
                panel.plot(values, figures, line, color=color, markersize=4, label=f"{model}: {label}")
    labels = ("processor, % of all cores", "memory, GiB", "GPU utilisation, %", "GPU memory, GiB")
    for panel, label in zip(axes, labels, strict=False):
        panel.set_ylabel(label)
        panel.set_xlabel("concurrent requests")
        panel.set_ylim(bottom=0, top=105 if "%" in label else None)
        panel.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17))
        _powers_of_two(panel, points)
    return figure


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _first_gpu(point: Point, name: str) -> float | None:
    return getattr(point.server.gpus[0], name) if point.server.gpus else None


def _percent(share: float | None) -> float | None:
    return None if share is None else share * 100


def _gib(size: float | None) -> float | None:
    return None if size is None else size / 2**30
