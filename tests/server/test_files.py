"""audio_to_text on the real server: whole files, good and bad."""

from __future__ import annotations

import io

import numpy as np
import psutil
import pytest
import soundfile
import soxr
from tritonclient.utils import InferenceServerException

from ..unit.audio.files import encode_with_ffmpeg
from .conftest import RECORDINGS, batch

FORMATS = [("WAV", "FLOAT"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", None)]


def sent(*files):
    return {"audio_bytes": np.array([[data] for data in files], dtype=object)}


def encode(samples, rate=16_000, container="WAV", subtype="PCM_16"):
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=container, subtype=subtype)
    return file.getvalue()


def transcripts(outputs):
    return [row[0].decode() for row in outputs["transcript"]]


def test_every_sample_recording_equals_its_decoded_samples(infer, recordings):
    for name, samples in recordings.items():
        from_file = infer("audio_to_text", **sent((RECORDINGS / name).read_bytes()))
        assert transcripts(from_file) == transcripts(infer("speech_to_text", **batch(samples)))


@pytest.mark.parametrize(("container", "subtype"), FORMATS)
def test_formats_rates_and_channels_come_close_to_the_original(infer, recordings, container, subtype):
    samples = max(recordings.values(), key=len)
    stereo = np.stack([samples, samples], axis=1)
    original = transcripts(infer("speech_to_text", **batch(samples)))[0].split()
    (heard,) = transcripts(infer("audio_to_text", **sent(encode(stereo, 16_000, container, subtype))))
    common = set(original) & set(heard.split())
    assert len(common) >= 0.6 * len(set(original))


def test_files_of_different_length_share_a_request(infer):
    files = [path.read_bytes() for path in sorted(RECORDINGS.glob("*.flac"))[:3]]
    together = transcripts(infer("audio_to_text", **sent(*files)))
    assert together == [transcripts(infer("audio_to_text", **sent(file)))[0] for file in files]


@pytest.mark.parametrize(
    ("container", "codec"), [("webm", "libopus"), ("ipod", "aac"), ("adts", "aac"), ("asf", "wmav2")]
)
def test_what_browsers_and_phones_record_comes_close_to_the_original(infer, recordings, container, codec):
    samples = max(recordings.values(), key=len)
    rate = 48_000 if codec == "libopus" else 16_000
    resampled = soxr.resample(samples, 16_000, rate)
    file = encode_with_ffmpeg(resampled, container, codec, rate, bit_rate=64_000)
    original = transcripts(infer("speech_to_text", **batch(samples)))[0].split()
    outputs = infer("audio_to_text", **sent(file))
    common = set(original) & set(transcripts(outputs)[0].split())
    assert len(common) >= 0.6 * len(set(original))
    assert outputs["duration_s"][0, 0] == pytest.approx(len(samples) / 16_000, abs=0.15)


def test_joined_files_are_transcribed_to_the_end(infer, recordings):
    samples = min(recordings.values(), key=len)
    file = encode(samples, container="FLAC", subtype="PCM_16")
    alone = transcripts(infer("audio_to_text", **sent(file)))[0].split()
    joined = infer("audio_to_text", **sent(file + file))
    assert joined["duration_s"][0, 0] == pytest.approx(2 * len(samples) / 16_000, abs=0.001)
    assert len(transcripts(joined)[0].split()) == pytest.approx(2 * len(alone), abs=2)


def test_a_killed_decoder_is_replaced(infer, server, recordings):
    name = min(recordings, key=lambda name: len(recordings[name]))
    request = sent((RECORDINGS / name).read_bytes())
    expected = transcripts(infer("audio_to_text", **request))
    decoders = [
        process
        for process in psutil.process_iter(["cmdline", "ppid"])
        if any(word.endswith("decoder_process") for word in process.info["cmdline"] or [])
        and server.process.pid in [parent.pid for parent in process.parents()]
    ]
    assert decoders
    for process in decoders:
        process.kill()
    for _ in range(2 * len(decoders)):
        assert transcripts(infer("audio_to_text", **request)) == expected


SECOND = (0.1 * np.sin(np.arange(16_000) / 9)).astype(np.float32)


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (b"", "0 bytes"),
        (b"just some text, renamed to .wav", "cannot be decoded"),
        (encode(SECOND[:0]), "got none"),
        (encode(SECOND[:1]), "at least 320 samples"),
        (encode(SECOND)[:10_000], "cut off"),
        (encode(np.tile(SECOND, 5), container="MP3", subtype=None)[:9_001], "cut off"),
        (encode(SECOND * np.nan, subtype="FLOAT"), "NaN"),
        (encode(SECOND * 200_000, subtype="FLOAT"), "32768 for int16"),
        (encode(np.zeros(3 * 3600 * 8000, np.float32), 8000, "FLAC"), "at most 3600 s, got 10800.0 s"),
    ],
    ids=[
        "empty",
        "text",
        "no-samples",
        "one-sample",
        "cut-wav",
        "cut-mp3",
        "nan",
        "int16-range",
        "three-hours",
    ],
)
def test_bad_file_has_its_own_clear_error(infer, file, says):
    with pytest.raises(InferenceServerException) as refused:
        infer("audio_to_text", **sent(file))
    assert refused.value.status() == "StatusCode.INVALID_ARGUMENT"
    assert says in refused.value.message()
