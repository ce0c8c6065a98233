"""Random changes of a waveform that make the acoustic model robust; all on (N,) float32 in [-1, 1]."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from training.voices import SAMPLE_RATE_HZ

Audio = NDArray[np.float32]
TELEPHONE_BAND_HZ = (300.0, 3400.0)
SILENT = 1e-4  # root mean square below which a signal-to-noise ratio is meaningless


@dataclass(frozen=True)
class Augmentation:
    """How often and how strongly a clip is changed."""

    speed_probability: float = 0.4
    speed: tuple[float, float] = (0.9, 1.1)  # playback rate, which changes the pitch
    noise_probability: float = 0.5
    noise_snr_db: tuple[float, float] = (8.0, 40.0)  # speech over noise
    reverberation_probability: float = 0.0
    reverberation_s: tuple[float, float] = (0.1, 0.6)  # until the echo is 60 dB down
    telephone_probability: float = 0.12
    level_db: tuple[float, float] = (-20.0, 0.0)  # peak, relative to full scale
    silence_probability: float = 0.7
    silence_s: tuple[float, float] = (0.0, 0.25)  # added at either end

    def __call__(self, audio: Audio, noises: Sequence[Audio], random: np.random.Generator) -> Audio:
        """Change one clip; `noises` are the long recordings that background noise is cut from."""
        if random.random() < self.speed_probability:
            audio = change_speed(audio, random.uniform(*self.speed))
        if random.random() < self.silence_probability:
            audio = np.pad(audio, [round(s * SAMPLE_RATE_HZ) for s in random.uniform(*self.silence_s, 2)])
        if random.random() < self.reverberation_probability:
            audio = reverberate(audio, random.uniform(*self.reverberation_s), random)
        if noises and random.random() < self.noise_probability:
            noise = noises[random.integers(len(noises))]
            audio = mix(audio, cut(noise, len(audio), random), random.uniform(*self.noise_snr_db))
        if random.random() < self.telephone_probability:
            audio = telephone(audio)
        return at_level(audio, random.uniform(*self.level_db))


def change_speed(audio: Audio, factor: float) -> Audio:
    """Play a clip `factor` times as fast."""
    changed: Audio = soxr.resample(audio, SAMPLE_RATE_HZ * factor, SAMPLE_RATE_HZ, quality="LQ")
    return changed


def reverberate(audio: Audio, decay_s: float, random: np.random.Generator) -> Audio:
    """Put a clip into a room: a direct sound and an echo of decaying noise, 60 dB down after `decay_s`.

    The length stays; the echo after the clip's end is lost.
    """
    time_s = np.arange(round(decay_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    response = random.standard_normal(len(time_s), dtype=np.float32) * 10 ** (-3 * time_s / decay_s)
    delay = int(random.uniform(0.001, 0.01) * SAMPLE_RATE_HZ)  # until the first reflection
    response[:delay] = 0
    direct_over_echo_db = random.uniform(0.0, 12.0)
    response *= 10 ** (-direct_over_echo_db / 20) / max(float(np.linalg.norm(response)), SILENT)
    response[0] = 1.0
    length = 1 << (len(audio) + len(response)).bit_length()
    spectrum = np.fft.rfft(audio, length) * np.fft.rfft(response, length)
    return np.fft.irfft(spectrum, length)[: len(audio)].astype(np.float32)


def mix(audio: Audio, noise: Audio, snr_db: float) -> Audio:
    """Add noise of the same length so that speech is `snr_db` above it; silence is unchanged."""
    speech_rms, noise_rms = (float(np.sqrt(np.mean(x**2))) if len(x) else 0.0 for x in (audio, noise))
    if speech_rms < SILENT or noise_rms < SILENT:
        return audio
    mixed: Audio = audio + noise * np.float32(speech_rms / noise_rms * 10 ** (-snr_db / 20))
    return mixed


def telephone(audio: Audio) -> Audio:
    """Keep the band of a telephone line."""
    spectrum = np.fft.rfft(audio)
    frequency_hz = np.fft.rfftfreq(len(audio), 1 / SAMPLE_RATE_HZ)
    spectrum[(frequency_hz < TELEPHONE_BAND_HZ[0]) | (frequency_hz > TELEPHONE_BAND_HZ[1])] = 0
    return np.fft.irfft(spectrum, len(audio)).astype(np.float32)


def at_level(audio: Audio, peak_db: float) -> Audio:
    """Scale a clip so that its peak is at `peak_db` relative to full scale; silence is unchanged."""
    peak = float(np.max(np.abs(audio), initial=0.0))
    return audio if peak < SILENT else audio * np.float32(10 ** (peak_db / 20) / peak)


def cut(noise: Audio, length: int, random: np.random.Generator) -> Audio:
    """Cut `length` samples from a random place of a noise, which repeats when it is too short."""
    start = random.integers(len(noise))
    return np.take(noise, np.arange(start, start + length), mode="wrap")


def white_noise(length: int, random: np.random.Generator) -> Audio:
    """Noise with equal power at all frequencies."""
    return random.standard_normal(length, dtype=np.float32)


def pink_noise(length: int, random: np.random.Generator) -> Audio:
    """Noise whose power falls with frequency, like that of rooms and streets."""
    spectrum = np.fft.rfft(random.standard_normal(length))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0
    pink = np.fft.irfft(spectrum, length)
    scaled: Audio = (pink / pink.std()).astype(np.float32)
    return scaled


def babble(clips: Sequence[Audio], length: int, random: np.random.Generator, talkers: int = 6) -> Audio:
    """Several people talking at once, mixed from (N,) float32 clips."""
    mixed = np.zeros(length, np.float32)
    for _ in range(talkers):
        position = 0
        while position < length:
            clip = clips[random.integers(len(clips))][: length - position]
            mixed[position : position + len(clip)] += clip
            position += max(len(clip), 1)
    return mixed
