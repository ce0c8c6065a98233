import io

import numpy as np
import pytest
import soundfile

from tritone.audio.decoding import decode_audio
from tritone.audio.encoding import FORMATS, encode_audio, read_format
from tritone.audio.validation import valid_part
from tritone.errors import AudioError

RATES_HZ = [8000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000]
LOSSLESS = ("wav", "flac", "pcm")
CONTAINERS = {"wav": "WAV", "flac": "FLAC", "ogg": "OGG", "mp3": "MP3"}


def tone(samples, rate, hertz=440.0, peak=0.5):
    return (peak * np.sin(2 * np.pi * hertz * np.arange(samples) / rate)).astype(np.float32)


def decoded(data, audio_format, rate):
    if audio_format == "pcm":
        return np.frombuffer(data, "<i2").astype(np.float32) / 32_768, rate
    return soundfile.read(io.BytesIO(data), dtype="float32")


@pytest.mark.parametrize("rate", RATES_HZ)
@pytest.mark.parametrize("audio_format", FORMATS)
def test_every_format_keeps_length_pitch_and_level_at_every_rate(audio_format, rate):
    samples = tone(2 * rate + 137, rate)
    audio, decoded_rate = decoded(encode_audio(samples, rate, audio_format), audio_format, rate)
    assert abs(audio.size / decoded_rate - samples.size / rate) < 1 / 8000
    middle = audio[audio.size // 4 : audio.size // 4 + decoded_rate]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(middle.size)))
    assert abs(np.argmax(spectrum) * decoded_rate / middle.size - 440) < 2
    assert 0.33 < middle.std() < 0.37


@pytest.mark.parametrize("audio_format", CONTAINERS)
def test_the_file_is_what_it_is_called(audio_format):
    information = soundfile.info(io.BytesIO(encode_audio(tone(16_000, 16_000), 16_000, audio_format)))
    assert (information.format, information.channels) == (CONTAINERS[audio_format], 1)
    assert information.subtype in ("PCM_16", "OPUS", "MPEG_LAYER_III")


@pytest.mark.parametrize(
    ("audio_format", "rate", "file_rate"),
    [("ogg", 22_050, 24_000), ("ogg", 44_100, 48_000), ("mp3", 96_000, 48_000), ("wav", 96_000, 96_000)],
)
def test_codecs_get_a_rate_that_they_know(audio_format, rate, file_rate):
    assert (
        soundfile.info(io.BytesIO(encode_audio(tone(rate, rate), rate, audio_format))).samplerate == file_rate
    )


@pytest.mark.parametrize("audio_format", LOSSLESS)
def test_lossless_formats_round_to_int16_and_clip(audio_format):
    samples = np.array([0, 1, -1, 0.5, -0.5, 1.5, -1.5, 0.6 / 32_768, 1.4 / 32_768], np.float32)
    audio, _ = decoded(encode_audio(samples, 16_000, audio_format), audio_format, 16_000)
    expected = [0, 32_767, -32_768, 16_384, -16_384, 32_767, -32_768, 1, 1]
    np.testing.assert_array_equal(audio * 32_768, expected)


@pytest.mark.parametrize("audio_format", ["ogg", "mp3"])
def test_lossy_formats_take_samples_beyond_full_scale(audio_format):
    samples = tone(16_000, 16_000, peak=1.8) * np.hanning(16_000).astype(np.float32)
    audio, _ = decoded(encode_audio(samples, 16_000, audio_format), audio_format, 16_000)
    assert np.isfinite(audio).all()
    assert np.abs(audio).max() < 1.3


@pytest.mark.parametrize("samples", [1, 2, 100, 255, 256, 257, 1151, 1153])
@pytest.mark.parametrize("audio_format", FORMATS)
def test_short_recordings_keep_their_length(audio_format, samples):
    data = encode_audio(tone(samples, 16_000), 16_000, audio_format)
    assert decoded(data, audio_format, 16_000)[0].size == samples


@pytest.mark.parametrize("audio_format", FORMATS)
def test_long_recordings_are_written_in_blocks(audio_format):
    samples = tone(200_000, 16_000)
    audio, _ = decoded(encode_audio(samples, 16_000, audio_format), audio_format, 16_000)
    assert audio.size == samples.size


@pytest.mark.parametrize("audio_format", CONTAINERS)
def test_recognition_takes_what_synthesis_gives(audio_format):
    assert decode_audio(encode_audio(tone(22_050, 22_050), 22_050, audio_format), 60).size == 16_000


@pytest.mark.parametrize("audio_format", LOSSLESS)
def test_equal_samples_give_equal_bytes(audio_format):
    samples = tone(5000, 16_000)
    assert encode_audio(samples, 16_000, audio_format) == encode_audio(samples, 16_000, audio_format)


@pytest.mark.parametrize(
    ("samples", "rate", "says"),
    [
        (tone(0, 16_000), 16_000, "got none"),
        (tone(100, 16_000) * np.nan, 16_000, "NaN"),
        (tone(100, 16_000, peak=20_000), 16_000, "32768 for int16"),
        (tone(100, 16_000), 0, "sample_rate_hz: expected 8000 to 192000, got 0"),
        (tone(100, 16_000), 10**6, "sample_rate_hz"),
    ],
)
def test_what_cannot_be_encoded_is_refused(samples, rate, says):
    with pytest.raises(AudioError, match=says):
        encode_audio(samples, rate, "wav")


@pytest.mark.parametrize("name", [b"", b"WAV", b"aac", b"wav ", b"\xff\xfe", b"x" * 1000])
def test_unknown_format_lists_those_known(name):
    with pytest.raises(AudioError, match="format: expected wav, flac, ogg, mp3 or pcm, got ") as refused:
        read_format(name)
    assert len(str(refused.value)) < 150


@pytest.mark.parametrize("name", FORMATS)
def test_known_formats_are_read(name):
    assert read_format(name.encode()) == name


@pytest.mark.parametrize("length", [-1, 11])
def test_length_beyond_the_samples_sent_is_refused(length):
    with pytest.raises(AudioError, match=f"audio_length: expected 1 to 10 .* got {length}"):
        valid_part(np.zeros(10, np.float32), length)


def test_a_row_longer_than_the_limit_is_refused_by_the_samples_sent():
    valid_part(np.zeros(10, np.float32), 10, 10)
    with pytest.raises(AudioError, match=r"audio: expected at most 10 samples, got 11; send shorter parts"):
        valid_part(np.zeros(11, np.float32), 1, 10)


def test_a_recording_longer_than_the_limit_is_not_encoded():
    samples = tone(16_000, 16_000)
    assert encode_audio(samples, 16_000, "wav", 1.0) == encode_audio(samples, 16_000, "wav")
    with pytest.raises(AudioError, match=r"audio: expected at most 1 s, got 2\.0 s"):
        encode_audio(samples, 8000, "wav", 1.0)
