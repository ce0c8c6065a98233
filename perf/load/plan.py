"""Which loads are put on which models, in which order, and how long each is measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from perf.instruments.errors import UsageError
from perf.instruments.layout import MAIN
from perf.instruments.load_test_results import CONCURRENCY, RATE

HIGHEST_CONCURRENCY = 256  # perf_analyzer starts a thread for each
HIGHEST_RATE = 10_000.0  # requests per second; it keeps all that are under way in memory
HIGHEST_SHARE = 2.0  # of what concurrency reached
PROTOCOLS = ("grpc", "http")


@dataclass(frozen=True)
class Load:
    """One load as it is planned."""

    mode: str  # CONCURRENCY or RATE
    label: str  # "4", or "50%" of the best throughput that a concurrency reached
    number: float  # requests at a time, requests per second, or the share

    @property
    def relative(self) -> bool:
        """Whether it is a share of what concurrency reaches."""
        return self.label.endswith("%")

    def value(self, best: float | None) -> float | None:
        """Return the absolute load; None where it is relative to a throughput that is not known."""
        if not self.relative:
            return self.number
        return None if best is None else round(best * self.number, 3)


@dataclass(frozen=True)
class Settings:
    """How long a load is measured, and what it is put on."""

    concurrencies: tuple[Load, ...]  # on the main pipelines
    rates: tuple[Load, ...]
    part_concurrencies: tuple[Load, ...]  # on all other models
    part_rates: tuple[Load, ...]
    protocols: tuple[str, ...] = PROTOCOLS
    window_s: float = 1.5  # of a measurement; at least the time of all inputs one after the other
    longest_window_s: float = 10.0
    stability_percent: float = (
        10.0  # that three windows in a row may differ, in throughput and in mean latency
    )
    trials: int = 6  # windows until the point counts as unstable
    distribution: str = "constant"  # of the requests of a rate: or poisson
    budget_s: float | None = None  # no point is begun later than that


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
    """Read "50%,20": shares of what concurrency reaches, or requests per second; "" is none.

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
                f"rate: expected requests per second up to {HIGHEST_RATE:g}, or a share of what concurrency "
                f"reaches up to {HIGHEST_SHARE:.0%}, got {item}; write 25%,50%,20 for example."
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
    """Loads on one model over one protocol, one after the other."""

    model: str
    protocol: str
    loads: tuple[Load, ...]


def plan(models: Sequence[str], settings: Settings) -> Iterator[Sweep]:
    """Yield all sweeps, what matters most first.

    Raises:
        UsageError: rates are relative to concurrencies, of which there are none.
    """
    main = [model for model in models if model in MAIN]
    parts = [model for model in models if model not in MAIN]
    for group, concurrencies, rates in (
        (main, settings.concurrencies, settings.rates),
        (parts, settings.part_concurrencies, settings.part_rates),
    ):
        if group and not concurrencies and any(rate.relative for rate in rates):
            raise UsageError(
                "rate: expected requests per second where no concurrency is measured, got a share of what "
                "concurrency reaches; name a concurrency too."
            )
        for protocol in settings.protocols:
            for model in group:
                if concurrencies or rates:
                    yield Sweep(model, protocol, concurrencies + rates)


def window_s(settings: Settings, load: Load, value: float, inputs: int, alone_s: float) -> float:
    """Return how long a window has to be, so that every input is in it.

    Args:
        settings: its bounds.
        load: the load.
        value: its absolute value.
        inputs: different requests.
        alone_s: mean time of one when nothing else is asked.
    """
    pass_s = inputs / value if load.mode == RATE else inputs * alone_s
    return min(max(settings.window_s, pass_s), settings.longest_window_s)
