import json

import numpy as np
import pytest

from tritone.errors import ArtifactError, ParameterError
from tritone.synthesis.denoising import Denoiser, hann_window

FFT, HOP, WINDOW = 1024, 256, 800
RATE_HZ = 16_000


def spectrum(audio):
    """Magnitude of one frame in the middle."""
    middle = audio.size // 2
    return np.abs(np.fft.rfft(audio[middle : middle + FFT] * hann_window(WINDOW, FFT)))


def tone(hertz, samples=RATE_HZ, peak=0.1):
    return (peak * np.sin(2 * np.pi * hertz * np.arange(samples) / RATE_HZ)).astype(np.float32)


@pytest.fixture
def speech():
    return np.random.default_rng(0).normal(0, 0.1, RATE_HZ).astype(np.float32)


@pytest.mark.parametrize("samples", [2, 255, 256, 257, 511, 512, 513, 4096, 16_000])
def test_without_bias_every_sample_comes_back(samples, speech):
    silent = Denoiser(np.zeros(FFT // 2 + 1, np.float32), HOP, hann_window(WINDOW, FFT))
    denoised = silent.denoise(speech[:samples], 1.0)
    assert denoised.shape == (samples,)
    assert denoised.dtype == np.float32
    np.testing.assert_allclose(denoised, speech[:samples], atol=1e-6)


@pytest.mark.parametrize("samples", [0, 1])
def test_what_is_too_short_for_a_spectrum_is_returned(samples, speech):
    denoiser = Denoiser(np.ones(FFT // 2 + 1, np.float32), HOP, hann_window(WINDOW, FFT))
    np.testing.assert_array_equal(denoiser.denoise(speech[:samples], 1.0), speech[:samples])


def test_the_hum_goes_and_the_speech_stays(speech):
    hum = tone(2000, peak=0.01)
    bias = spectrum(hum).astype(np.float32)
    denoiser = Denoiser(bias, HOP, hann_window(WINDOW, FFT))
    assert np.abs(spectrum(denoiser.denoise(hum, 1.0))).max() < 0.1 * bias.max()
    kept = denoiser.denoise(speech, 1.0)
    assert np.linalg.norm(kept - speech) < 0.1 * np.linalg.norm(speech)


def test_strength_scales_what_is_taken_away():
    hum = tone(2000)
    denoiser = Denoiser(spectrum(hum).astype(np.float32), HOP, hann_window(WINDOW, FFT))
    peaks = [spectrum(denoiser.denoise(hum, strength)).max() for strength in (0.0, 0.25, 0.5)]
    np.testing.assert_allclose(peaks, np.array([1.0, 0.75, 0.5]) * peaks[0], rtol=0.02)


@pytest.mark.parametrize("strength", [-0.1, 1.1, np.nan])
def test_strength_out_of_range_is_refused(strength, speech):
    denoiser = Denoiser(np.ones(FFT // 2 + 1, np.float32), HOP, hann_window(WINDOW, FFT))
    with pytest.raises(ParameterError, match="strength: expected a number from 0 to 1, got"):
        denoiser.denoise(speech, strength)


def test_blocks_of_frames_leave_no_seam(monkeypatch, speech):
    bias = np.full(FFT // 2 + 1, 0.3, np.float32)
    whole = Denoiser(bias, HOP, hann_window(WINDOW, FFT)).denoise(speech, 1.0)
    monkeypatch.setattr("tritone.synthesis.denoising._BLOCK_FRAMES", 7)
    np.testing.assert_array_equal(Denoiser(bias, HOP, hann_window(WINDOW, FFT)).denoise(speech, 1.0), whole)


@pytest.fixture
def exported(tmp_path):
    settings = {"fft_size": FFT, "window_samples": WINDOW, "hop_samples": HOP, "window": "hann"}
    (tmp_path / "denoiser.json").write_text(json.dumps(settings))
    np.save(tmp_path / "bias.npy", np.zeros(FFT // 2 + 1, np.float32))
    return tmp_path / "denoiser.json", tmp_path / "bias.npy"


def test_exported_files_load(exported, speech):
    np.testing.assert_allclose(Denoiser.load(*exported).denoise(speech, 0.5), speech, atol=1e-6)


def test_bias_of_another_size_is_refused(exported):
    np.save(exported[1], np.zeros(100, np.float32))
    with pytest.raises(ArtifactError, match=r"expected 513 bins for an FFT of 1024, got shape \(100,\)"):
        Denoiser.load(*exported)


def test_missing_bias_says_how_to_make_it(exported):
    exported[1].unlink()
    with pytest.raises(ArtifactError, match="make export"):
        Denoiser.load(*exported)


def test_unknown_window_is_refused(exported):
    exported[0].write_text(exported[0].read_text().replace("hann", "kaiser"))
    with pytest.raises(ArtifactError, match="'kaiser'"):
        Denoiser.load(*exported)
