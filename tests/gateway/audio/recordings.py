"""Recordings in the containers that browsers, phones and players write."""

from __future__ import annotations

import io
from pathlib import Path

import av

SAMPLES = Path(__file__).resolve().parents[3] / "demo/recordings"
SAMPLE = SAMPLES / "report_us.flac"
SAMPLE_S = 8.3885

#: by suffix: FFmpeg's muxer and codec
CONTAINERS = {
    ".wav": ("wav", "pcm_s16le"),
    ".flac": ("flac", "flac"),
    ".ogg": ("ogg", "libopus"),
    ".mp3": ("mp3", "libmp3lame"),
    ".webm": ("webm", "libopus"),
    ".mka": ("matroska", "libopus"),
    ".m4a": ("ipod", "aac"),
    ".mp4": ("mp4", "aac"),
    ".mov": ("mov", "aac"),
    ".3gp": ("3gp", "aac"),
    ".aac": ("adts", "aac"),
    ".wma": ("asf", "wmav2"),
}


def encoded(suffix: str, live: bool = False, source: Path = SAMPLE) -> bytes:
    """Return a recording in another container; `live` as MediaRecorder writes it, without a length."""
    muxer, codec = CONTAINERS[suffix]
    target = io.BytesIO()
    options = {"live": "1"} if live else {}
    with av.open(source) as reading, av.open(target, "w", format=muxer, options=options) as writing:
        rate_hz = 48_000 if codec == "libopus" else 16_000
        track = writing.add_stream(codec, rate=rate_hz, layout="mono", bit_rate=32_000)
        for frame in reading.decode(audio=0):
            frame.pts = None
            writing.mux(track.encode(frame))
        writing.mux(track.encode(None))
    return target.getvalue()
