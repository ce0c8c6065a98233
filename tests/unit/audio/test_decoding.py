import numpy as np
import pytest

from tritone.audio.decoding import decode_audio
from tritone.errors import AudioError

from .files import LONGEST_S, encode

FORMATS = [("WAV", "PCM_16"), ("WAV", "FLOAT"), ("WAVEX", "PCM_24"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"),
           ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")]  # fmt: skip


def tone(seconds, rate, hertz=440.0, channels=1):
    wave = 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return np.tile(wave[:, np.newaxis], (1, channels)).astype(np.float32)


@pytest.mark.parametrize(("container", "subtype"), FORMATS)
def test_every_format_comes_out_as_the_same_tone(container, subtype):
    decoded = decode_audio(encode(tone(1.0, 48_000), 48_000, container, subtype), LONGEST_S)
    assert decoded.dtype == np.float32
    assert abs(decoded.size - 16_000) <= 1200  # lossy codecs pad by up to a frame or two
    middle = decoded[4000:12_000]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(middle.size)))
    assert abs(np.argmax(spectrum) * 16_000 / middle.size - 440) < 3
    assert 0.45 < np.abs(middle).max() < 0.56


@pytest.mark.parametrize("rate", [8000, 11_025, 16_000, 22_050, 44_100, 96_000])
def test_any_rate_keeps_the_duration(rate):
    assert abs(decode_audio(encode(tone(2.0, rate), rate), LONGEST_S).size - 32_000) <= 1


def test_channels_are_averaged():
    stereo = tone(1.0, 16_000, channels=2)
    stereo[:, 1] = 0
    mono = decode_audio(encode(stereo, 16_000, subtype="FLOAT"), LONGEST_S)
    np.testing.assert_allclose(mono, stereo[:, 0] / 2, atol=1e-6)


def test_six_channels_work():
    assert decode_audio(encode(tone(0.5, 16_000, channels=6), 16_000), LONGEST_S).size == 8000


def test_float_file_slightly_beyond_full_scale_is_clipped():
    assert (
        np.abs(decode_audio(encode(tone(1.0, 16_000) * 3, 16_000, subtype="FLOAT"), LONGEST_S)).max() == 1.0
    )


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "0 bytes"),
        (b"hello, this is a plain text that somebody renamed", "cannot be decoded"),
        (b"RIFF", "cannot be decoded"),
        (b"\x00" * 5000, "cannot be decoded"),
    ],
)
def test_what_is_no_audio_is_refused(data, says):
    with pytest.raises(AudioError, match=says):
        decode_audio(data, LONGEST_S)


def test_other_containers_are_named():
    with pytest.raises(AudioError, match="got AIFF"):
        decode_audio(encode(tone(1.0, 16_000), 16_000, "AIFF"), LONGEST_S)


def test_file_without_samples_is_refused():
    with pytest.raises(AudioError, match="got none"):
        decode_audio(encode(np.zeros((0, 1), np.float32), 16_000), LONGEST_S)


def test_one_sample_is_too_short():
    with pytest.raises(AudioError, match="at least 160 samples"):
        decode_audio(encode(np.zeros((1, 1), np.float32), 8000), LONGEST_S)


def test_longer_than_the_limit_is_refused_from_the_header():
    with pytest.raises(AudioError, match=r"at most 60 s, got 61\.0 s"):
        decode_audio(encode(np.zeros((61 * 8000, 1), np.float32), 8000), LONGEST_S)


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
@pytest.mark.parametrize(("container", "subtype"), FORMATS)
def test_truncated_file_is_refused(container, subtype, kept):
    data = encode(tone(3.0, 16_000), 16_000, container, subtype)
    with pytest.raises(AudioError):
        decode_audio(data[: round(len(data) * kept)], LONGEST_S)


def test_mp3_with_tags_around_it_is_accepted():
    data = encode(tone(1.0, 16_000), 16_000, "MP3", "MPEG_LAYER_III")
    tag = b"ID3\x04\x00\x00" + bytes([0, 0, 2, 0]) + b"\x00" * 256
    assert decode_audio(tag + data + b"TAG" + b"\x00" * 125, LONGEST_S).size > 15_000


def test_nan_in_a_float_file_is_refused():
    samples = tone(1.0, 16_000)
    samples[500] = np.nan
    with pytest.raises(AudioError, match="NaN or infinity"):
        decode_audio(encode(samples, 16_000, subtype="FLOAT"), LONGEST_S)


def test_int16_values_in_a_float_file_are_refused():
    with pytest.raises(AudioError, match="32768"):
        decode_audio(encode(tone(1.0, 16_000) * 20_000, 16_000, subtype="FLOAT"), LONGEST_S)
