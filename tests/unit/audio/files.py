"""Generated recordings in every format."""

from __future__ import annotations

import io
import struct

import av
import numpy as np
import soundfile

LONGEST_S = 60.0
SECONDS = 1.5
RATE = 16_000


def voice(seconds=SECONDS, rate=RATE, seed=0):
    """Sweep with noise and changing level, (N,) float32, of which no two parts are equal."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * rate)) / rate
    level = 0.2 + 0.15 * np.sin(2 * np.pi * 1.3 * time_s)
    tone = np.sin(2 * np.pi * (300 + 200 * time_s) * time_s)
    return (level * (tone + 0.1 * rng.standard_normal(time_s.size))).astype(np.float32)


def encode(samples, rate=RATE, container="WAV", subtype=None):
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=container, subtype=subtype)
    return file.getvalue()


def encode_with_ffmpeg(samples, container, codec, rate=RATE, options=None, tracks=1, bit_rate=None):
    """Return a mono file written by FFmpeg."""
    file = io.BytesIO()
    with av.open(file, "w", format=container, options=options or {}) as output:
        streams = [output.add_stream(codec, rate=rate, layout="mono") for _ in range(tracks)]
        for stream in streams:
            if bit_rate:
                stream.bit_rate = bit_rate
            frame = av.AudioFrame.from_ndarray(samples[np.newaxis], format="fltp", layout="mono")
            frame.sample_rate = rate
            context = stream.codec_context
            resampler = av.AudioResampler(context.format, context.layout, rate, context.frame_size or 1024)
            for part in [*resampler.resample(frame), *resampler.resample(None), None]:
                output.mux([packet for packet in stream.encode(part) if packet.size])
    return file.getvalue()


def with_data_size(wav, size, riff_size=None):
    """Return a WAV file with another size in its header."""
    changed = bytearray(wav)
    position = changed.index(b"data") + 4
    changed[position : position + 4] = struct.pack("<I", size)
    if riff_size is not None:
        changed[4:8] = struct.pack("<I", riff_size)
    return bytes(changed)


def chunk(name, content, padded=True):
    """Return a RIFF chunk."""
    return struct.pack("<4sI", name, len(content)) + content + b"\0" * (len(content) % 2 if padded else 0)


def seconds(samples):
    return samples.size / RATE
