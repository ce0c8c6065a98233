"""Formats of phones and browsers are decoded with FFmpeg, which is restricted to the file."""

import io

import av
import numpy as np
import pytest

from tritone.audio import ffmpeg
from tritone.audio.decoding import decode_audio
from tritone.errors import AudioError

from .files import LONGEST_S, SECONDS, encode, encode_with_ffmpeg, seconds, voice

VOICE, NARROW = voice(), voice(rate=8000)
FRAGMENTED = {"movflags": "frag_keyframe+empty_moov", "frag_duration": "300000"}
FILES = {
    "m4a": encode_with_ffmpeg(VOICE, "ipod", "aac"),
    "m4a-fragmented": encode_with_ffmpeg(VOICE, "mp4", "aac", options=FRAGMENTED),
    "m4a-lossless": encode_with_ffmpeg(VOICE, "ipod", "alac"),
    "mov": encode_with_ffmpeg(VOICE, "mov", "pcm_s16le"),
    "3gp": encode_with_ffmpeg(NARROW, "3gp", "libopencore_amrnb", 8000),
    "webm": encode_with_ffmpeg(voice(rate=48_000), "webm", "libopus", 48_000),
    "webm-live": encode_with_ffmpeg(voice(rate=48_000), "webm", "libopus", 48_000, {"live": "1"}),
    "matroska": encode_with_ffmpeg(VOICE, "matroska", "pcm_s16le"),
    "aac": encode_with_ffmpeg(VOICE, "adts", "aac"),
    "amr": encode_with_ffmpeg(NARROW, "amr", "libopencore_amrnb", 8000),
    "wma": encode_with_ffmpeg(VOICE, "asf", "wmav2", bit_rate=64_000),
    "ogg-flac": encode_with_ffmpeg(VOICE, "ogg", "flac"),
    "wav-g726": encode_with_ffmpeg(NARROW, "wav", "g726", 8000),
}
WIDE_AMR = b"#!AMR-WB\n" + b"".join(b"\x14" + np.random.default_rng(i).bytes(32) for i in range(75))
JUNK = np.random.default_rng(5).bytes(2000)
every_file = pytest.mark.parametrize("name", FILES)


def decoded(data):
    return decode_audio(data, LONGEST_S)


@every_file
def test_every_format_is_decoded_whole(name):
    samples = decoded(FILES[name])
    assert seconds(samples) == pytest.approx(SECONDS, abs=0.12)
    # The level follows that of the original: the codec's delay is small, and nothing is scaled.
    parts = [np.sqrt(np.mean(part**2)) for part in np.array_split(samples[: VOICE.size], 6)]
    made = [np.sqrt(np.mean(part**2)) for part in np.array_split(VOICE, 6)]
    np.testing.assert_allclose(parts, made, rtol=0.25)


def test_lossless_formats_give_the_samples_back():
    exact = decoded(encode(VOICE, subtype="PCM_16"))
    for name in ("mov", "matroska", "ogg-flac", "m4a-lossless"):
        np.testing.assert_allclose(decoded(FILES[name]), exact, atol=2 / 32_768)


def test_wide_band_amr_is_decoded():
    assert seconds(decoded(WIDE_AMR)) == pytest.approx(1.5, abs=0.03)


@every_file
def test_joined_files_are_one_recording(name):
    assert seconds(decoded(FILES[name] * 3)) == pytest.approx(3 * seconds(decoded(FILES[name])), abs=0.01)


@every_file
def test_other_formats_may_follow(name):
    both = decoded(FILES[name] + encode(VOICE))
    assert seconds(both) == pytest.approx(seconds(decoded(FILES[name])) + SECONDS, abs=0.01)


@every_file
@pytest.mark.parametrize("lost", [150, 0.3, 0.7], ids=str)
def test_a_file_that_is_cut_off_is_refused(name, lost):
    lost = lost if lost > 1 else round(len(FILES[name]) * lost)
    with pytest.raises(AudioError):
        decoded(FILES[name][:-lost])


@every_file
def test_what_is_left_at_the_end_is_named(name):
    if name.startswith("wav"):
        return  # the end of the samples is uncertain, so the junk is decoded
    with pytest.raises(AudioError, match=r"2000 of \d+ bytes left"):
        decoded(FILES[name] + JUNK)


def test_a_video_without_sound_is_refused():
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as output:
        stream = output.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        for _ in range(5):
            output.mux(stream.encode(av.VideoFrame(32, 32, "yuv420p")))
        output.mux(stream.encode(None))
    with pytest.raises(AudioError, match="expected one audio track, got none"):
        decoded(file.getvalue())


def test_several_audio_tracks_are_refused_as_one_would_be_lost():
    with pytest.raises(AudioError, match="expected one audio track, got 2"):
        decoded(encode_with_ffmpeg(VOICE, "mp4", "aac", tracks=2))


def of_unknown_codec(mp4):
    return mp4.replace(b"mp4a", b"abcd").replace(b"esds", b"efgh")


def test_a_second_track_in_an_unknown_codec_is_left_out():
    both = encode_with_ffmpeg(VOICE, "mp4", "aac", tracks=2)
    second = both.rindex(b"mp4a")
    assert seconds(decoded(both[:second] + of_unknown_codec(both[second:]))) == pytest.approx(
        SECONDS, abs=0.12
    )


def test_an_unknown_codec_alone_is_refused():
    with pytest.raises(AudioError, match="unknown codec, or encrypted"):
        decoded(of_unknown_codec(FILES["m4a"]))


def test_longer_than_the_limit_is_refused_while_decoding():
    with pytest.raises(AudioError, match=r"at most 1 s, got 1\.\d s"):
        decode_audio(FILES["webm"], 1.0)


def test_a_damaged_stream_is_refused_with_its_place():
    data = bytearray(FILES["m4a-lossless"])
    start = data.index(b"mdat") + 4
    data[start + 3000 : start + 9000] = bytes(6000)
    with pytest.raises(AudioError, match=r"MP4 file that cannot be decoded \(.* after \d\.\d\d s\)"):
        decoded(bytes(data))


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:4,\n{}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{}'\n",
        "<?xml version='1.0'?><MPD><Period><BaseURL>{}</BaseURL></Period></MPD>",
    ],
)
def test_a_file_that_names_another_does_not_get_it(playlist, tmp_path):
    other = tmp_path / "other.wav"
    other.write_bytes(encode(VOICE))
    with pytest.raises(AudioError, match="format not recognised"):
        decoded(playlist.format(other).encode())


def test_without_pyav_the_error_names_the_remedy(monkeypatch):
    monkeypatch.setattr(ffmpeg, "av", None)
    with pytest.raises(AudioError, match=r"no FFmpeg, got WebM; convert the file, or install PyAV"):
        decoded(FILES["webm"])
    assert seconds(decoded(encode(VOICE))) == pytest.approx(SECONDS, abs=0.001)
