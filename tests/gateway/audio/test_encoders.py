import io
import logging

import av
import numpy as np
import pytest
from tritone_gateway.audio.encoders import FORMATS, Encoder

from tests.gateway.backends import tone


def encoded(format, samples, rate_hz, chunk):
    encoder = Encoder(FORMATS[format], rate_hz)
    parts = [encoder.add(samples[start : start + chunk]) for start in range(0, samples.size, chunk)]
    return encoder, b"".join([*parts, encoder.finish()])


def decoded(format, content):
    if format == "pcm":
        return np.frombuffer(content, "<i2") / 32768, 24_000
    with av.open(io.BytesIO(content)) as file:
        frames = list(file.decode(audio=0))
    samples = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    return samples / (32768 if samples.dtype == np.int16 else 1), frames[0].sample_rate


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 44_100, 20_000])
def test_speech_of_any_rate_keeps_its_length_and_pitch(format, rate_hz, caplog):
    encoder, content = encoded(format, tone(2.0, rate_hz), rate_hz, 4096)
    samples, found_hz = decoded(format, content)
    assert found_hz == encoder.rate_hz
    assert samples.size / found_hz == pytest.approx(2.0, abs=0.15)
    spectrum = np.abs(np.fft.rfft(samples[: 2 * found_hz] * np.hanning(samples[: 2 * found_hz].size)))
    assert spectrum.argmax() * found_hz / samples[: 2 * found_hz].size == pytest.approx(440, abs=2)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("chunk", [1, 999, 32_000])
def test_length_of_chunks_changes_nothing(format, chunk):
    samples = tone(0.2)
    _, content = encoded(format, samples, 16_000, chunk)
    _, whole = encoded(format, samples, 16_000, samples.size)
    np.testing.assert_allclose(decoded(format, content)[0], decoded(format, whole)[0], atol=1e-3)


@pytest.mark.parametrize("format", FORMATS)
def test_first_chunk_of_a_voice_gives_audio_at_once(format):
    encoder = Encoder(FORMATS[format], 16_000)
    first = encoder.add(tone(0.256))
    samples, rate_hz = decoded(format, first)
    assert samples.size / rate_hz > 0.08


@pytest.mark.parametrize("format", FORMATS)
def test_no_speech_at_all_is_no_failure(format):
    encoder = Encoder(FORMATS[format], 16_000)
    assert encoder.add(np.zeros(0, np.float32)) == b""
    encoder.finish()
