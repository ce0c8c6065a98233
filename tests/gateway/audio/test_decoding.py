import io
import struct

import numpy as np
import pytest
import soundfile
from tritone_client.calls import SAMPLE_RATE_HZ
from tritone_gateway.audio.decoding import PIECE_S, decoded
from tritone_gateway.errors import BadRequestError

from tests.gateway.audio.recordings import CONTAINERS, SAMPLE, encoded
from tests.gateway.backends import tone


async def samples_of(content):
    return np.concatenate([piece async for piece in decoded(io.BytesIO(content))])


def written(samples, rate_hz=SAMPLE_RATE_HZ, **format):
    file = io.BytesIO()
    soundfile.write(file, samples, rate_hz, **(format or {"format": "WAV"}))
    return file.getvalue()


async def test_samples_of_16_khz_are_unchanged():
    expected = soundfile.read(SAMPLE, dtype="float32")[0]
    np.testing.assert_array_equal(await samples_of(SAMPLE.read_bytes()), expected)


async def test_pieces_come_while_the_file_is_read():
    pieces = [piece async for piece in decoded(io.BytesIO(SAMPLE.read_bytes()))]
    assert 7 <= len(pieces) <= 9  # of 8.3 s
    assert all(piece.size >= PIECE_S * SAMPLE_RATE_HZ for piece in pieces[:-1])


@pytest.mark.parametrize("suffix", CONTAINERS)
async def test_every_container_sounds_alike(suffix):
    expected = soundfile.read(SAMPLE, dtype="float32")[0]
    found = await samples_of(encoded(suffix))
    assert found.size == pytest.approx(expected.size, abs=0.2 * SAMPLE_RATE_HZ)
    assert np.sqrt(np.mean(found**2)) == pytest.approx(np.sqrt(np.mean(expected**2)), rel=0.15)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW"])
async def test_every_kind_of_samples_is_scaled(subtype):
    samples = tone(1.0)
    found = await samples_of(written(samples, format="WAV", subtype=subtype))
    np.testing.assert_allclose(found, samples, atol=0.02)


@pytest.mark.parametrize("rate_hz", [8000, 22_050, 44_100, 48_000])
async def test_other_rates_are_resampled(rate_hz):
    found = await samples_of(written(tone(1.0, rate_hz), rate_hz))
    assert found.size == pytest.approx(SAMPLE_RATE_HZ, abs=2)
    np.testing.assert_allclose(found[800:-800], tone(1.0)[800 : found.size - 800], atol=0.02)


async def test_channels_are_averaged_unless_they_cancel_out():
    one, other = tone(1.0), tone(1.0, frequency_hz=600.0)
    found = await samples_of(written(np.stack([one, other], axis=1)))
    np.testing.assert_allclose(found, (one + other) / 2, atol=1e-3)
    found = await samples_of(written(np.stack([one, -one], axis=1)))
    np.testing.assert_allclose(np.abs(found), np.abs(one), atol=1e-3)


async def test_what_is_behind_the_audio_is_not_lost_silently():
    content = bytearray(written(tone(60.0)))
    content[40:44] = struct.pack("<I", 30 * SAMPLE_RATE_HZ * 2)  # half of what there is
    with pytest.raises(BadRequestError, match="expected one whole recording, got 960000 bytes after it"):
        await samples_of(content)


async def test_text_is_refused():
    with pytest.raises(BadRequestError, match="file: expected a readable audio file"):
        await samples_of(b"no audio, but a text\n" * 100)
