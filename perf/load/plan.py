"""Which loads are put on which models, in which order, and for how long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from perf.instruments.errors import UsageError
from perf.instruments.layout import MAIN
from perf.instruments.load_test_results import CONCURRENCY, RATE

HIGHEST_CONCURRENCY = 256  # perf_analyzer starts a thread for each
HIGHEST_RATE = 10_000.0  # requests per second; it keeps all requests in flight in memory
HIGHEST_SHARE = 2.0  # of the best throughput at a concurrency
PROTOCOLS = ("grpc", "http")


@dataclass(frozen=True)
class Load:
    """One planned load."""

    mode: str  # CONCURRENCY or RATE
    label: str  # "4", or "50%" of the best throughput at a concurrency
    number: float  # concurrent requests, requests per second, or the share

    @property
    def relative(self) -> bool:
        """Whether it is a share of the best throughput."""
        return self.label.endswith("%")

    def value(self, best: float | None) -> float | None:
        """Return the absolute load; None if it is relative to an unknown throughput."""
        if not self.relative:
            return self.number
        return None if best is None else round(best * self.number, 3)


@dataclass(frozen=True)
class Settings:
    """The loads, and how each is measured."""

    concurrencies: tuple[Load, ...]  # on the main pipelines
    rates: tuple[Load, ...]
    part_concurrencies: tuple[Load, ...]  # on all other models
    part_rates: tuple[Load, ...]
    protocols: tuple[str, ...] = PROTOCOLS
    window_s: float = 1.5  # shortest measurement window
    longest_window_s: float = 10.0
    stability_percent: float = (
        10.0  # by which three consecutive windows may differ in throughput and mean latency
    )
    trials: int = 6  # windows before the load counts as unstable
    distribution: str = "constant"  # of the requests at a rate; or "poisson"
    budget_s: float | None = None  # no load is started after this time


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def read_concurrencies(text: str) -> tuple[Load, ...]:
    """Read "1,2,4"; "" is none.

    Raises:
        UsageError: not whole numbers from 1 to 256.
    """
    found = []
    for item in _items(text):
        if not item.isascii() or not item.isdigit() or not 1 <= int(item) <= HIGHEST_CONCURRENCY:
            raise UsageError(
                f"concurrency: expected whole numbers from 1 to {HIGHEST_CONCURRENCY}, got {item}; "
                "write 1,2,4 for example."
            )
        found.append(Load(CONCURRENCY, str(int(item)), int(item)))
    return tuple(dict.fromkeys(found))


def read_rates(text: str) -> tuple[Load, ...]:
    """Read "50%,20": shares of the best throughput at a concurrency, or requests per second; "" is none.

    Raises:
        UsageError: not numbers, or out of range.
    """
    found = []
    for item in _items(text):
        try:
            number = float(item.removesuffix("%"))
        except ValueError:
            number = 0.0
        highest = HIGHEST_SHARE * 100 if item.endswith("%") else HIGHEST_RATE
        if not 0 < number <= highest:
            raise UsageError(
                f"rate: expected up to {HIGHEST_RATE:g} requests per second, or a share of the best "
                f"throughput up to {HIGHEST_SHARE:.0%}, got {item}; write 25%,50%,20 for example."
            )
        label = f"{number:g}%" if item.endswith("%") else f"{number:g}"
        found.append(Load(RATE, label, number / 100 if item.endswith("%") else number))
    return tuple(dict.fromkeys(found))


FULL = Settings(
    read_concurrencies("1,2,4,8,16"),
    read_rates("25%,50%,75%,90%"),
    read_concurrencies("1,4"),
    read_rates("50%"),
)
QUICK = replace(
    FULL,
    concurrencies=read_concurrencies("1,4"),
    rates=read_rates("50%"),
    part_concurrencies=read_concurrencies("1"),
    part_rates=(),
    window_s=0.5,
    longest_window_s=2.0,
    stability_percent=30.0,
    trials=3,
    budget_s=140.0,
)


@dataclass(frozen=True)
class Sweep:
    """Consecutive loads on one model over one protocol."""

    model: str
    protocol: str
    loads: tuple[Load, ...]


def plan(models: Sequence[str], settings: Settings) -> Iterator[Sweep]:
    """Yield all sweeps, the most important first.

    Raises:
        UsageError: rates are relative, but no concurrency is measured.
    """
    main = [model for model in models if model in MAIN]
    parts = [model for model in models if model not in MAIN]
    for group, concurrencies, rates in (
        (main, settings.concurrencies, settings.rates),
        (parts, settings.part_concurrencies, settings.part_rates),
    ):
        if group and not concurrencies and any(rate.relative for rate in rates):
            raise UsageError(
                "rate: expected requests per second, since no concurrency is measured, got a share of the "
                "best throughput; add a concurrency."
            )
        for protocol in settings.protocols:
            for model in group:
                if concurrencies or rates:
                    yield Sweep(model, protocol, concurrencies + rates)


def window_s(settings: Settings, load: Load, value: float, inputs: int, alone_s: float) -> float:
    """Return the length of a window that holds every input once, within bounds.

    Args:
        settings: give the bounds.
        load: the planned load.
        value: its absolute value.
        inputs: number of different requests.
        alone_s: mean time of a single request on an idle server.
    """
    pass_s = inputs / value if load.mode == RATE else inputs * alone_s
    return min(max(settings.window_s, pass_s), settings.longest_window_s)
