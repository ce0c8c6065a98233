"""Synthetic voices: espeak-ng and flite, as 16 kHz int16 audio."""

from __future__ import annotations

import io
import random
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16000
Samples = NDArray[np.int16]


@dataclass(frozen=True)
class TtsVoice:
    """A voice of one of the two synthesisers."""

    name: str  # as written in manifests
    engine: str  # espeak or flite
    model: str  # the engine's own name of the voice
    rates: tuple[float, float]  # espeak: words per minute; flite: duration stretch
    pitches: tuple[int, int] = (40, 60)  # espeak only, 0 to 99


VOICES = {
    voice.name: voice
    for voice in (
        TtsVoice("espeak_us", "espeak", "en-us", (165, 235)),
        TtsVoice("espeak_us_f2", "espeak", "en-us+f2", (165, 235)),
        TtsVoice("espeak_us_m3", "espeak", "en-us+m3", (165, 235)),
        TtsVoice("espeak_gb", "espeak", "en-gb", (165, 235)),
        TtsVoice("espeak_gb_f4", "espeak", "en-gb+f4", (165, 235)),
        TtsVoice("espeak_scotland", "espeak", "en-gb-scotland", (165, 235)),
        TtsVoice("flite_kal", "flite", "kal16", (0.75, 1.05)),
        TtsVoice("flite_awb", "flite", "awb", (0.7, 1.0)),
        TtsVoice("flite_rms", "flite", "rms", (0.7, 1.0)),
        TtsVoice("flite_slt", "flite", "slt", (0.75, 1.05)),
    )
}


def speak(voice: TtsVoice, text: str, randomness: random.Random) -> Samples:
    """Speak text at a random rate and pitch of the voice's range.

    Returns:
        (N,) int16 at 16 kHz.

    Raises:
        RuntimeError: the synthesiser failed or returned no audio.
    """
    rate = randomness.uniform(*voice.rates)
    if voice.engine == "espeak":
        pitch = randomness.randint(*voice.pitches)
        wav = _run(
            ["espeak-ng", "-v", voice.model, "-s", f"{rate:.0f}", "-p", str(pitch), "--stdout", "--stdin"],
            text,
        )
        audio, rate_hz = soundfile.read(io.BytesIO(_with_open_length(wav)), dtype="int16")
    else:
        with tempfile.NamedTemporaryFile(suffix=".wav") as target:
            _run(
                ["flite", "-voice", voice.model, "--setf", f"duration_stretch={rate:.3f}", "-o", target.name],
                text,
            )
            audio, rate_hz = soundfile.read(Path(target.name), dtype="int16")
    if len(audio) == 0:
        raise RuntimeError(f"{voice.name}: the synthesiser returned no audio for {len(text)} characters.")
    return resampled(audio, rate_hz)


def resampled(audio: Samples, rate_hz: int) -> Samples:
    """Resample (N,) int16 audio to 16 kHz."""
    return audio if rate_hz == SAMPLE_RATE_HZ else soxr.resample(audio, rate_hz, SAMPLE_RATE_HZ, quality="HQ")


def _run(command: list[str], text: str) -> bytes:
    result = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(
            f"{command[0]} failed with exit code {result.returncode}: {result.stderr.decode()[:500]}"
        )
    return result.stdout


def _with_open_length(wav: bytes) -> bytes:
    """Write the true sizes into a WAV header that was streamed before its length was known."""
    data_at = wav.index(b"data") + 4
    sizes = (len(wav) - 8).to_bytes(4, "little"), (len(wav) - data_at - 4).to_bytes(4, "little")
    return wav[:4] + sizes[0] + wav[8:data_at] + sizes[1] + wav[data_at + 4 :]
