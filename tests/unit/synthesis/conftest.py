import json

import pytest

from tritone.synthesis.voice import SPECTROGRAMS, VOCODER, Voice

MEL = {
    "sample_rate_hz": 16_000,
    "mels": 8,
    "fft_size": 1024,
    "window_samples": 800,
    "hop_samples": 256,
    "window": "hann",
    "lowest_hz": 0.0,
    "highest_hz": 8000.0,
}


@pytest.fixture
def pair():
    """Matching sidecars, as written by the exporter."""
    tacotron2 = {
        "mel": dict(MEL),
        "pad_value": -11.5,
        "vocabulary": 1000,
        "kind": "autoregressive",
        "frames_per_step": 2,
        "prenet_layers": 2,
        "prenet_units": 16,
        "dropout": 0.5,
        "max_decoder_steps": 1000,
        "context_frames": 2,
    }
    return tacotron2, {
        "mel": dict(MEL),
        "kind": "flow",
        "hop_samples": 256,
        "groups": 16,
        "sigma": 0.8,
        "context_frames": 3,
    }


@pytest.fixture
def sidecars(tmp_path):
    """Write a pair of sidecars, return their folder."""

    def write(tacotron2, waveglow):
        for name, content in ((SPECTROGRAMS, tacotron2), (VOCODER, waveglow)):
            (tmp_path / name).write_text(json.dumps(content))
        return tmp_path

    return write


@pytest.fixture
def parallel_pair():
    """Matching sidecars of a FastPitch with three speakers and a HiFi-GAN."""
    fastpitch = {"mel": dict(MEL), "pad_value": -11.5, "vocabulary": 1000, "kind": "parallel", "speakers": 3}
    return fastpitch, {"mel": dict(MEL), "kind": "direct", "hop_samples": 256, "context_frames": 13}


@pytest.fixture
def voice(pair, sidecars):
    return Voice.load(sidecars(*pair))


@pytest.fixture
def parallel_voice(parallel_pair, sidecars):
    return Voice.load(sidecars(*parallel_pair))
