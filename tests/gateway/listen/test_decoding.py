import io

import av
import numpy as np
import pytest
from tritone_gateway.errors import BadRequestError
from tritone_gateway.routers.listen import containers
from tritone_gateway.routers.listen.decoding import decoder_for
from tritone_gateway.routers.listen.parameters import ListenParameters

RNG = np.random.default_rng(3)
SAMPLES = RNG.integers(-20_000, 20_000, 1000).astype(np.int16)


def raw(encoding="linear16", channels=1):
    return decoder_for(ListenParameters(encoding, 16_000, channels))


async def decoded(decoder, content, piece):
    parts = [await decoder.decode(content[start : start + piece]) for start in range(0, len(content), piece)]
    parts.append(await decoder.finish())
    return np.concatenate(parts)


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 2000])
async def test_samples_may_be_split_anywhere(piece):
    assert np.array_equal(await decoded(raw(), SAMPLES.tobytes(), piece), SAMPLES)


async def test_channels_are_mixed():
    stereo = np.stack([SAMPLES, -SAMPLES], axis=1).tobytes()
    assert not (await decoded(raw(channels=2), stereo, 333)).any()
    same = np.repeat(SAMPLES, 3).tobytes()
    assert np.array_equal(await decoded(raw(channels=3), same, 1000), SAMPLES)


async def test_half_a_sample_at_the_end_is_refused():
    decoder = raw(channels=2)
    assert (await decoder.decode(bytes(403))).size == 100
    with pytest.raises(
        BadRequestError, match=r"whole samples of 4 bytes \(linear16, 2 channels\), got 3 more"
    ):
        await decoder.finish()


async def test_linear32_keeps_the_upper_half():
    wide = (SAMPLES.astype(np.int32) << 16) + 99
    assert np.array_equal(await decoded(raw("linear32"), wide.tobytes(), 5), SAMPLES)


@pytest.mark.parametrize(("encoding", "codec"), [("mulaw", "pcm_mulaw"), ("alaw", "pcm_alaw")])
async def test_every_code_of_g711_is_what_ffmpeg_says(encoding, codec):
    context = av.CodecContext.create(codec, "r")
    context.layout, context.sample_rate = "mono", 8000
    codes = bytes(range(256))
    expected = np.concatenate([frame.to_ndarray()[0] for frame in context.decode(av.Packet(codes))])
    assert np.array_equal(await decoded(raw(encoding), codes, 256), expected)


@pytest.mark.parametrize("magic", [b"RIFF", b"OggS", b"\x1aE\xdf\xa3", b"fLaC"])
async def test_a_file_instead_of_samples_is_refused(magic):
    with pytest.raises(BadRequestError, match="leave out encoding"):
        await raw().decode(magic + bytes(100))


async def test_control_messages_in_binary_frames_are_refused():
    decoder = raw()
    await decoder.decode(SAMPLES.tobytes())
    with pytest.raises(BadRequestError, match="send it as text"):
        await decoder.decode(b'{"type": "KeepAlive"}')


def container(format_, codec, rate=48_000, seconds=2.0, channels=1):
    """A tone in a container, as a live muxer writes it."""
    times = np.arange(int(rate * seconds)) / rate
    tone = (np.sin(2 * np.pi * 440 * times) * 10_000).astype(np.int16)
    output = io.BytesIO()
    with av.open(output, "w", format=format_) as file:
        stream = file.add_stream(codec, rate=rate, layout="stereo" if channels == 2 else "mono")
        interleaved = np.repeat(tone, channels)[np.newaxis]
        frame = av.AudioFrame.from_ndarray(
            interleaved, format="s16", layout="stereo" if channels == 2 else "mono"
        )
        frame.sample_rate = rate
        for packet in (*stream.encode(frame), *stream.encode(None)):
            file.mux(packet)
    return output.getvalue()


@pytest.mark.parametrize(
    ("format_", "codec", "channels"),
    [
        ("webm", "libopus", 1),
        ("ogg", "libopus", 2),
        ("flac", "flac", 1),
        ("wav", "pcm_s16le", 2),
        ("mp3", "mp3", 1),
    ],
)
@pytest.mark.parametrize("piece", [997, 1_000_000])
async def test_containers_may_be_split_anywhere(format_, codec, channels, piece):
    decoder = decoder_for(ListenParameters())
    samples = await decoded(decoder, container(format_, codec, channels=channels), piece)
    assert decoder.sample_rate_hz == 16_000
    assert abs(samples.size - 32_000) < 1600
    spectrum = np.abs(np.fft.rfft(samples[8000:24_000]))
    assert np.argmax(spectrum) == 440  # Hz, as 1 s is transformed


async def test_containers_are_decoded_while_they_arrive():
    content = container("webm", "libopus", seconds=10)
    decoder = decoder_for(ListenParameters())
    half = [await decoder.decode(content[start : start + 500]) for start in range(0, len(content) // 2, 500)]
    decoder.close()
    assert 3.0 < sum(part.size for part in half) / 16_000 < 6.0


async def test_closing_ends_the_thread_of_an_unfinished_container():
    decoder = decoder_for(ListenParameters())
    await decoder.decode(container("webm", "libopus")[:3000])
    thread = decoder._thread
    assert thread.is_alive()
    decoder.close()
    thread.join(10)
    assert not thread.is_alive()


async def test_text_is_no_container():
    decoder = decoder_for(ListenParameters())
    with pytest.raises(BadRequestError, match="expected WebM, Ogg, WAV"):
        await decoded(decoder, b"Good morning. " * 10_000, 4096)


async def test_a_container_that_unfolds_to_hours_is_refused(monkeypatch):
    monkeypatch.setattr(containers, "LONGEST_PIECE_S", 1)
    with pytest.raises(BadRequestError):
        await decoded(decoder_for(ListenParameters()), container("flac", "flac"), 1_000_000)


async def test_opus_packets():
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "mono", "s16"
    tone = (np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000) * 10_000).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(tone[np.newaxis], format="s16", layout="mono")
    frame.sample_rate = 48_000
    decoder = decoder_for(ListenParameters("opus", 48_000))
    packets = [bytes(packet) for packet in (*encoder.encode(frame), *encoder.encode(None))]
    samples = np.concatenate([await decoder.decode(packet) for packet in packets])
    assert decoder.sample_rate_hz == 48_000
    assert abs(samples.size - 48_000) < 2000
    assert np.argmax(np.abs(np.fft.rfft(samples[:48_000], 48_000))) == pytest.approx(440, abs=1)
    with pytest.raises(BadRequestError, match="one Opus packet in each message"):
        await decoder.decode(b"\xff" * 3000)
