"""Recognise a recording while it is played, and speak a text while it is synthesized."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from tritone_client import Client, Final, Interim, TritoneError

from demo.report import DemoReport

LONGEST_S = 5.0  # of the recording that is played
CHUNK_S = 0.1
SEED = 1  # every run synthesises the same audio


def listen_and_speak(client: Client, source: Path, text: str, report: DemoReport) -> bool:
    """Stream the beginning of a recording in real time, then the speech of a text; print both.

    Returns:
        Whether both succeeded.
    """
    title = f"{source.name} live"
    try:
        _listen(client, source, title, report)
        title = f"{source.name} spoken at once"
        _speak(client, text, title, report)
    except TritoneError as error:
        report.failure(title, error)
        return False
    return True


def _listen(client: Client, source: Path, title: str, report: DemoReport) -> None:
    samples, rate_hz = _beginning(source)
    if not samples.size:
        return
    played_s = samples.size / rate_hz
    list(
        client.stream_transcription([samples[: round(CHUNK_S * rate_hz)]], sample_rate_hz=rate_hz)
    )  # warm-up
    report.live(title, f"the first {played_s:.1f} s, in real time")
    started_s = time.perf_counter()
    for event in client.stream_transcription(_played(samples, rate_hz), sample_rate_hz=rate_hz):
        elapsed_s = time.perf_counter() - started_s
        if isinstance(event, Interim):
            report.interim(elapsed_s, event.transcript)
        elif isinstance(event, Final):
            report.final(elapsed_s, event.text)


def _speak(client: Client, text: str, title: str, report: DemoReport) -> None:
    started_s = time.perf_counter()
    first_s, speech_s = 0.0, 0.0
    for speech in client.stream_synthesis(text, seed=SEED):
        first_s = first_s or time.perf_counter() - started_s
        speech_s += speech.duration_s
    total_s = time.perf_counter() - started_s
    report.live(
        title,
        f"first audio after {first_s * 1000:.0f} ms, all {speech_s:.2f} s after {total_s * 1000:.0f} ms",
    )


def _beginning(source: Path) -> tuple[NDArray[np.float32], int]:
    """Return mono samples and their rate; none of a file that soundfile cannot read."""
    try:
        with soundfile.SoundFile(source) as file:
            rate_hz = int(file.samplerate)
            samples = file.read(round(LONGEST_S * rate_hz), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError:
        return np.zeros(0, np.float32), 1
    mixed: NDArray[np.float32] = samples.mean(axis=1)
    return mixed, rate_hz


def _played(samples: NDArray[np.float32], rate_hz: int) -> Iterator[NDArray[np.float32]]:
    """Yield chunks when they have been spoken."""
    started_s, count = time.perf_counter(), round(CHUNK_S * rate_hz)
    for start in range(0, samples.size, count):
        chunk = samples[start : start + count]
        time.sleep(max(0.0, started_s + (start + chunk.size) / rate_hz - time.perf_counter()))
        yield chunk
