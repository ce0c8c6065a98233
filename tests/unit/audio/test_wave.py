"""WAV files are decoded to the end, regardless of the sizes in their headers."""

import struct

import numpy as np
import pytest

from tritone.audio.decoding import decode_audio
from tritone.errors import AudioError

from .files import LONGEST_S, SECONDS, chunk, encode, seconds, voice, with_data_size

VOICE = voice()
WAV = encode(VOICE, subtype="PCM_16")
HEADER = WAV.index(b"data") + 8
SAMPLES = decode_audio(WAV, LONGEST_S)
CODECS = ["PCM_U8", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ALAW", "ULAW", "IMA_ADPCM", "MS_ADPCM"]


def decoded(data):
    return decode_audio(data, LONGEST_S)


@pytest.mark.parametrize("size", [0x7FFFF000, 0x7FFFFFDB, 0x7FFFFFFF, 0x80000000, 0xFFFFFFDB, 0xFFFFFFFF, 0])
def test_a_size_that_was_not_known_when_it_was_written_is_no_limit(size):
    np.testing.assert_array_equal(decoded(with_data_size(WAV, size, min(size + 36, 0xFFFFFFFF))), SAMPLES)


@pytest.mark.parametrize("extra", [2, 36, 44])
def test_a_size_that_counts_the_header_is_tolerated(extra):
    np.testing.assert_array_equal(decoded(with_data_size(WAV, len(WAV) - HEADER + extra)), SAMPLES)


@pytest.mark.parametrize("extra", [1000, 100_000])
def test_a_size_beyond_the_end_is_a_cut_off_file(extra):
    with pytest.raises(AudioError, match=f"cut off after {len(WAV)} bytes \\({extra} or more are missing"):
        decoded(with_data_size(WAV, len(WAV) - HEADER + extra))


@pytest.mark.parametrize("share", [0.25, 0.5, 0.99])
def test_samples_beyond_the_size_are_decoded_too(share):
    size = round((len(WAV) - HEADER) * share) // 2 * 2
    np.testing.assert_array_equal(decoded(with_data_size(WAV, size)), SAMPLES)


@pytest.mark.parametrize("subtype", CODECS)
@pytest.mark.parametrize("size", [None, 0, 0xFFFFFFFF])
def test_every_codec_is_decoded_to_its_end(subtype, size):
    wav = encode(VOICE, 16_000, "WAV", subtype)
    plain = decoded(wav)
    assert SECONDS <= seconds(plain) < SECONDS + 0.1  # ADPCM comes in blocks
    if size is not None:
        np.testing.assert_array_equal(decoded(with_data_size(wav, size)), plain)


@pytest.mark.parametrize("blocks", [1, 2, 3, 50])
def test_gsm_of_any_number_of_blocks_is_decoded(blocks):
    wav = encode(voice(blocks * 320 / 8000, 8000), 8000, "WAV", "GSM610")
    assert abs(seconds(decoded(wav)) - blocks * 0.04) < 0.041
    position = wav.index(b"data") + 8
    gsm = wav[:position] + wav[position : position + 65 * blocks]
    assert abs(seconds(decoded(with_data_size(gsm, 65 * blocks))) - blocks * 0.04) < 0.001


@pytest.mark.parametrize(
    "after",
    [
        chunk(b"LIST", b"INFOISFT" + struct.pack("<I", 4) + b"abc\0"),
        chunk(b"id3 ", b"x" * 33) + chunk(b"LIST", b"y" * 5, padded=False),
        b"TAG" + b"title".ljust(125, b"\0"),
        b"ID3\x03\0\0\0\0\0\x40" + bytes(64),
        bytes(10),
    ],
    ids=["list", "odd-unpadded", "id3v1", "id3v2", "zeros"],
)
def test_what_follows_the_samples_is_not_heard(after):
    np.testing.assert_array_equal(decoded(WAV + after), SAMPLES)


@pytest.mark.parametrize("padded", [True, False])
def test_chunks_of_odd_size_are_passed_padded_or_not(padded):
    odd = WAV[:12] + chunk(b"LIST", b"INFOabc", padded) + WAV[12:]
    np.testing.assert_array_equal(decoded(odd), SAMPLES)


def test_joined_files_are_one_recording():
    np.testing.assert_array_equal(decoded(WAV + WAV), np.concatenate([SAMPLES, SAMPLES]))


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_joined_files_of_unknown_size_are_told_apart(size):
    unknown = with_data_size(WAV, size)
    np.testing.assert_array_equal(decoded(unknown + unknown), np.concatenate([SAMPLES, SAMPLES]))


def test_joined_files_may_differ_in_everything():
    stereo = np.stack([voice(rate=44_100)] * 2, axis=1)
    joined = WAV + encode(voice(rate=8000), 8000, "WAV", "ULAW") + encode(stereo, 44_100, "FLAC", "PCM_16")
    assert seconds(decoded(joined)) == pytest.approx(3 * SECONDS, abs=0.001)


def test_a_second_file_that_is_cut_off_is_noticed():
    with pytest.raises(AudioError, match="cut off"):
        decoded(WAV + WAV[:-5000])


@pytest.mark.parametrize("container", ["RF64", "W64", "WAVEX"])
def test_relatives_of_wav_are_decoded_alone_and_joined(container):
    data = encode(VOICE, 16_000, container, "PCM_16")
    np.testing.assert_array_equal(decoded(data), SAMPLES)
    np.testing.assert_array_equal(decoded(data + data), np.concatenate([SAMPLES, SAMPLES]))
    with pytest.raises(AudioError, match="cut off"):
        decoded(data[:-5000])


def test_rf64_under_its_other_name_is_decoded():
    data = encode(VOICE, 16_000, "RF64", "PCM_16")
    np.testing.assert_array_equal(decoded(b"BW64" + data[4:]), SAMPLES)


def test_an_empty_data_chunk_with_others_after_it_is_an_empty_recording():
    with pytest.raises(AudioError, match="got none"):
        decoded(with_data_size(WAV[:HEADER], 0) + chunk(b"LIST", b"INFO"))


@pytest.mark.parametrize("rate", [1, 3999, 1_000_000])
def test_a_rate_that_is_none_of_audio_is_refused(rate):
    changed = bytearray(WAV)
    changed[24:28] = struct.pack("<I", rate)
    with pytest.raises(AudioError, match=f"sample rate of 4000 to 768000 Hz, got {rate} Hz"):
        decoded(bytes(changed))


def test_the_lowest_rate_is_decoded():
    assert seconds(decoded(encode(voice(rate=4000), 4000, "WAV", "PCM_16"))) == pytest.approx(
        SECONDS, abs=0.001
    )


def test_chunks_without_end_before_the_samples_are_given_up():
    with pytest.raises(AudioError, match="no format or no samples"):
        decoded(WAV[:12] + chunk(b"aaaa", b"") * 20_000 + WAV[12:])


def test_chunks_without_end_after_the_samples_are_taken_for_more_of_them():
    many = chunk(b"aaaa", b"") * 20_000
    assert decoded(WAV + many).size == SAMPLES.size + len(many) // 2


@pytest.mark.parametrize("kept", [12, 20, 30, HEADER - 4])
def test_a_header_alone_is_refused(kept):
    with pytest.raises(AudioError):
        decoded(WAV[:kept])
