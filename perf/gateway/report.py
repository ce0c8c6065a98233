"""The report: a table with the targets, and the raw numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from statistics import median

from perf.gateway.captions import Captions
from perf.gateway.speech import FORMATS, Speech
from perf.gateway.transcription import Transcription
from perf.instruments.command_line import table

ADDED_MS, ADDED_CPU, FIRST_BYTE_MS = 3.0, 0.10, 20.0  # targets: at most


@dataclass
class Measured:
    """The parts that were measured."""

    transcription: Transcription | None = None
    speech: Speech | None = None
    captions: Captions | None = None


def markdown(measured: Measured, machine: Mapping[str, str], command: str) -> str:
    """Return the report."""
    rows: list[list[str]] = []
    if measured.transcription is not None:
        rows += _transcription(measured.transcription)
    if measured.speech is not None:
        rows += _speech(measured.speech)
    if measured.captions is not None:
        rows += _captions(measured.captions)
    header = ("measured", "Triton called directly", "through the gateway", "added", "target")
    facts = [f"- {name}: {value}" for name, value in machine.items()]
    return "\n".join([f"`{command}`", "", *facts, "", *table(header, rows), ""])


def raw(measured: Measured, machine: Mapping[str, str], command: str) -> str:
    """Return all numbers as JSON."""
    return json.dumps({"command": command, "machine": dict(machine), **asdict(measured)}, indent=1)


def _transcription(found: Transcription) -> list[list[str]]:
    direct, through = found.direct, found.through
    return [
        [
            "transcription, one at a time, median",
            f"{median(direct.latencies_s) * 1000:.1f} ms",
            f"{median(through.latencies_s) * 1000:.1f} ms",
            f"{found.added_ms:.1f} ms",
            f"≤ {ADDED_MS:g} ms",
        ],
        [
            f"processor time of the servers per transcription, {found.clients} clients",
            f"{median(direct.cpu_ms):.1f} ms",
            f"{median(through.cpu_ms):.1f} ms, of it the gateway {median(through.gateway_cpu_ms):.1f} ms",
            f"{found.added_cpu:.1%}",
            f"≤ {ADDED_CPU:.0%}",
        ],
        [
            f"transcriptions per second, {found.clients} clients",
            f"{median(direct.rates):.1f}",
            f"{median(through.rates):.1f}",
            "",
            "",
        ],
    ]


def _speech(found: Speech) -> list[list[str]]:
    return [
        [
            f"first audio of speech, {form}",
            f"{median(found.direct_s) * 1000:.1f} ms",
            f"{median(found.through_s[form]) * 1000:.1f} ms",
            f"{found.added_ms(form):.1f} ms",
            f"≤ {FIRST_BYTE_MS:g} ms",
        ]
        for form in FORMATS
    ]


def _captions(found: Captions) -> list[list[str]]:
    count = len(found.heard)
    answered = count - len(found.failures)
    cores = found.gateway_cpu_s / found.elapsed_s
    return [
        [
            f"{count} open WebSockets, {found.speaking} with {found.seconds} s of audio, answered to the end",
            "",
            f"{answered} of {count}, {found.words:g} words each" + _reason(found),
            "",
            f"{count}",
        ],
        [
            "delay of a result after its audio, median and 95%",
            "",
            f"{found.delay_ms(50):.0f} ms, {found.delay_ms(95):.0f} ms",
            "",
            "",
        ],
        [
            "processor of the servers with them, in cores",
            f"{found.triton_cpu_s / found.elapsed_s:.2f}",
            f"{cores:.2f}; memory of the gateway {found.gateway_mib:.0f} MiB",
            "",
            "",
        ],
    ]


def _reason(found: Captions) -> str:
    return f"; first failure: {found.failures[0][:120]}" if found.failures else ""
