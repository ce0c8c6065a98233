"""FLAC, OGG and MP3: a file is decoded completely, or the error names what is left."""

import numpy as np
import pytest

from tritone.audio.containers.mpeg_audio import find_mpeg_audio
from tritone.audio.decoding import decode_audio
from tritone.errors import AudioError

from .files import LONGEST_S, RATE, SECONDS, encode, seconds, voice

VOICE = voice()
FLAC = encode(VOICE, RATE, "FLAC", "PCM_16")
VORBIS, OPUS = encode(VOICE, RATE, "OGG", "VORBIS"), encode(VOICE, RATE, "OGG", "OPUS")
MP3 = encode(VOICE, RATE, "MP3", "MPEG_LAYER_III")  # of variable bitrate, with a counting frame
STEREO_MP3 = encode(np.stack([voice(rate=44_100)] * 2, axis=1), 44_100, "MP3", "MPEG_LAYER_III")
ID3 = b"ID3\x04\0\0\0\0\x02\0" + b"TIT2\0\0\0\x05\0\0\0abcd" + bytes(241)
ID3V1 = b"TAG" + b"a title".ljust(94, b" ") + b"1999".ljust(31, b"\0")
JUNK = np.random.default_rng(1).integers(0, 256, 3000, np.uint8).tobytes()
ONE_OF_EACH = {"flac": FLAC, "vorbis": VORBIS, "opus": OPUS, "mp3": MP3, "stereo-mp3": STEREO_MP3}


def decoded(data):
    return decode_audio(data, LONGEST_S)


def flac_of_length(samples):
    """FLAC with another number of samples in its header; encoders write 0 to a pipe."""
    packed = int.from_bytes(FLAC[18:26], "big") >> 36 << 36 | samples
    return FLAC[:18] + packed.to_bytes(8, "big") + FLAC[26:]


def mp3_counting(frames=None, size=None):
    """MP3 with other counts of frames and bytes in its first frame."""
    data = bytearray(MP3)
    tag = next(found for found in (data.find(b"Xing"), data.find(b"Info")) if found >= 0)
    assert data[tag + 7] & 3 == 3
    if frames is not None:
        data[tag + 8 : tag + 12] = frames.to_bytes(4, "big")
    if size is not None:
        data[tag + 12 : tag + 16] = size.to_bytes(4, "big")
    return bytes(data)


def mp3_without_count():
    (part,), _ = find_mpeg_audio(MP3, 0)
    first = MP3[part.start :]
    second = first.index(first[:2], 4)
    return first[second:]


def mp3_with_vbri(frames, size):
    audio = mp3_without_count()
    header = audio[:1] + bytes([audio[1] | 1, audio[2] & 0x0D | 0xC0]) + audio[3:4]
    counts = b"VBRI" + bytes(6) + size.to_bytes(4, "big") + frames.to_bytes(4, "big") + bytes(8)
    frame = header + bytes(32) + counts
    length = 72 * 128_000 // RATE
    return frame + bytes(length - len(frame)) + audio


@pytest.mark.parametrize("name", ONE_OF_EACH)
@pytest.mark.parametrize("times", [2, 3])
def test_joined_files_are_one_recording(name, times):
    data = ONE_OF_EACH[name]
    assert seconds(decoded(data * times)) == pytest.approx(times * seconds(decoded(data)), abs=0.001 * times)


def test_joined_mp3_is_one_after_the_other():
    alone = decoded(MP3)
    np.testing.assert_array_equal(decoded(MP3 + MP3)[: alone.size], alone)
    np.testing.assert_array_equal(decoded(MP3 + MP3)[alone.size :], alone)


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_a_first_file_that_is_cut_off_is_noticed(name):
    data = ONE_OF_EACH[name]
    with pytest.raises(AudioError):
        decoded(data[: len(data) * 2 // 3] + data)


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_what_is_left_at_the_end_is_named(name):
    data = ONE_OF_EACH[name]
    with pytest.raises(
        AudioError, match=f"{len(JUNK)} of {len(data) + len(JUNK)} bytes left .* from byte {len(data)}"
    ):
        decoded(data + JUNK)


@pytest.mark.parametrize("name", ONE_OF_EACH)
@pytest.mark.parametrize("after", [bytes(3000), ID3V1, b"\r\n"], ids=["zeros", "tag", "line-end"])
def test_padding_and_tags_at_the_end_are_passed(name, after):
    data = ONE_OF_EACH[name]
    np.testing.assert_array_equal(decoded(data + after), decoded(data))


@pytest.mark.parametrize("name", ["flac", "vorbis", "opus"])
def test_damage_in_the_middle_is_noticed(name):
    data = bytearray(ONE_OF_EACH[name])
    middle = len(data) // 2
    data[middle : middle + 500] = JUNK[:500]
    with pytest.raises(AudioError):
        decoded(bytes(data))


@pytest.mark.parametrize("length", [0, 1000, VOICE.size - 1])
def test_flac_is_decoded_past_the_length_in_its_header(length):
    np.testing.assert_array_equal(decoded(flac_of_length(length)), decoded(FLAC))


def test_flac_with_fewer_samples_than_its_header_says_is_refused():
    with pytest.raises(AudioError, match=f"after {VOICE.size} of {VOICE.size + 1} samples"):
        decoded(flac_of_length(VOICE.size + 1))


@pytest.mark.parametrize("lost", [1, 100, 5000])
def test_flac_of_unknown_length_that_is_cut_off_is_refused(lost):
    with pytest.raises(AudioError):
        decoded(flac_of_length(0)[:-lost])


def test_flac_of_unknown_length_may_be_joined():
    np.testing.assert_array_equal(decoded(flac_of_length(0) + FLAC), np.tile(decoded(FLAC), 2))


def test_ogg_with_a_page_missing_is_refused():
    long = encode(voice(20), RATE, "OGG", "OPUS")
    pages = [index for index in range(len(long)) if long.startswith(b"OggS", index)]
    with pytest.raises(AudioError, match="predecessor is missing"):
        decoded(long[: pages[4]] + long[pages[5] :])


@pytest.mark.parametrize("frames", [0, 5, 9999])
def test_mp3_is_decoded_past_the_count_in_its_first_frame(frames):
    assert abs(decoded(mp3_counting(frames)).size - decoded(MP3).size) < 0.1 * RATE


def test_mp3_whose_count_and_size_say_more_is_cut_off():
    with pytest.raises(AudioError, match="cut off"):
        decoded(mp3_counting(9999, 999_999))


def test_mp3_of_variable_bitrate_without_a_count_is_decoded_to_its_end():
    assert seconds(decoded(mp3_without_count())) >= SECONDS


@pytest.mark.parametrize("frames", [3, 10_000])
def test_mp3_is_decoded_past_the_count_of_a_vbri_frame(frames):
    data = mp3_with_vbri(frames, 1000)
    assert seconds(decoded(data)) >= SECONDS


@pytest.mark.parametrize(
    "before",
    [bytes(700), bytes(9000), JUNK, ID3 + bytes(4097), b"HTTP/1.1 200 OK\r\n\r\n", ID3 + ID3],
    ids=["zeros", "many-zeros", "junk", "id3-and-zeros", "text", "two-tags"],
)
def test_what_comes_before_mp3_is_passed(before):
    np.testing.assert_array_equal(decoded(before + MP3), decoded(MP3))


@pytest.mark.parametrize(
    "between", [ID3, ID3V1, ID3V1 + ID3, bytes(2000)], ids=["id3v2", "id3v1", "both", "zeros"]
)
def test_tags_between_joined_mp3_are_passed(between):
    np.testing.assert_array_equal(decoded(MP3 + between + MP3), np.tile(decoded(MP3), 2))


def test_joined_mp3_may_differ_in_rate_and_channels():
    assert seconds(decoded(MP3 + STEREO_MP3 + MP3)) == pytest.approx(3 * SECONDS, abs=0.01)


def test_too_many_joined_files_are_refused():
    with pytest.raises(AudioError, match="at most 1000 joined"):
        decoded(encode(voice(0.001), RATE, "WAV", "PCM_16") * 1001)
