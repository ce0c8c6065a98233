"""Decode formats of phones and browsers that libsndfile does not support, with FFmpeg through PyAV.

FFmpeg is restricted to the file's bytes: one demuxer by name, audio decoders, no protocols, no other files.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ..errors import AudioError
from .blocks import BLOCK_FRAMES, Block, check_format
from .containers.parts import Part
from .splicing import SplicedFile

try:
    import av
    from av.error import FFmpegError
except ImportError:
    av = None  # type: ignore[assignment]

_NAMES = {"mov": "mov,mp4,m4a,3gp,3g2,mj2", "matroska": "matroska,webm"}  # FFmpeg's names of the demuxers
_DECODERS = (
    "aac,aac_latm,ac3,adpcm_g722,adpcm_g726,adpcm_ima_qt,adpcm_ima_wav,adpcm_ms,adpcm_yamaha,alac,amrnb,amrwb,"
    "eac3,evrc,flac,g722,g723_1,g726,g729,gsm,gsm_ms,mp1float,mp2float,mp3float,mp1,mp2,mp3,nellymoser,opus,"
    "libopus,pcm_alaw,pcm_f32be,pcm_f32le,pcm_f64be,pcm_f64le,pcm_mulaw,pcm_s16be,pcm_s16le,pcm_s24be,pcm_s24le,"
    "pcm_s32be,pcm_s32le,pcm_s8,pcm_u8,qcelp,speex,truespeech,vorbis,wmalossless,wmapro,wmav1,wmav2,wmavoice"
)
_BETTER = {"amrnb": "libopencore_amrnb", "amrwb": "libopencore_amrwb"}
_SCALES = {"u8": 1 / 128, "s16": 1 / 32_768, "s32": 1 / 2**31, "s64": 1 / 2**63, "flt": 1.0, "dbl": 1.0}


def read_blocks(part: Part) -> Iterator[Block]:
    """Yield the samples of a recording.

    Raises:
        AudioError: damaged, no or several audio tracks, an unknown codec, or PyAV is not installed.
    """
    if av is None:
        raise AudioError(
            f"audio_bytes: expected WAV, FLAC, OGG or MP3, as this server has no FFmpeg, got "
            f"{part.container}; convert the file, or install PyAV (pip install av) where the server runs."
        )
    try:
        with _opened(part) as container:
            yield from _gathered(_frames(part, container, _track(part, container)))
    except FFmpegError as error:
        raise _undecodable(part, str(error.strerror)) from error


def _opened(part: Part) -> Any:
    options = {
        "protocol_whitelist": "",
        "format_whitelist": _NAMES.get(part.demuxer, part.demuxer),
        "codec_whitelist": _DECODERS,
    }
    file = io.BufferedReader(SplicedFile(part.pieces), 1 << 16)
    return av.open(file, format=part.demuxer, options=options, io_open=_refuse, metadata_errors="ignore")


def _refuse(*_: object, **__: object) -> NoReturn:
    raise AudioError(
        "audio_bytes: expected a self-contained file, got one that refers to other files; convert the file."
    )


def _track(part: Part, container: Any) -> Any:
    """Return the audio track. Phones may add the same sound in a proprietary codec, which is ignored."""
    tracks = container.streams.audio
    decodable = [track for track in tracks if track.codec_context is not None]
    if tracks and not decodable:
        raise _undecodable(part, "unknown codec, or encrypted")
    if len(decodable) != 1:
        raise AudioError(
            f"audio_bytes: expected one audio track, got {len(tracks) or 'none'} in the {part.container} "
            "file; send a file with the track to be recognised alone."
        )
    return decodable[0]


def _decoder(track: Any) -> Any:
    """Return the decoder of a track; FFmpeg's native AMR decoders stop at pauses (DTX)."""
    given = track.codec_context
    better = _BETTER.get(given.name)
    if better not in av.codecs_available:  # missing in PyAV 19
        return given
    decoder: Any = av.CodecContext.create(better, "r")
    decoder.sample_rate, decoder.layout = given.sample_rate, given.layout
    return decoder


def _frames(part: Part, container: Any, track: Any) -> Iterator[Block]:
    decoded_s = 0.0
    decoder = _decoder(track)
    decoder.thread_count = 1
    try:
        for packet in container.demux(track):
            if packet.is_corrupt:
                raise _undecodable(part, f"damaged after {decoded_s:.2f} s")
            for frame in decoder.decode(packet):
                check_format(frame.sample_rate, frame.layout.nb_channels)
                decoded_s += frame.samples / frame.sample_rate
                yield Block(frame.sample_rate, _samples(frame))
    except FFmpegError as error:
        raise _undecodable(part, f"{error.strerror} after {decoded_s:.2f} s") from error


def _samples(frame: Any) -> NDArray[np.float32]:
    """Return the samples of a frame, (N, C) in [-1, 1]."""
    kind = frame.format.name
    found = frame.to_ndarray()
    samples = found.T if frame.format.is_planar else found.reshape(-1, frame.layout.nb_channels)
    kind = kind.removesuffix("p") if frame.format.is_planar else kind
    if kind == "u8":
        samples = samples.astype(np.int16) - 128
    scaled: NDArray[np.float32] = samples.astype(np.float32)
    return scaled if _SCALES[kind] == 1.0 else scaled * np.float32(_SCALES[kind])


def _gathered(blocks: Iterator[Block]) -> Iterator[Block]:
    """Join consecutive blocks of equal format, since FFmpeg's hold only some milliseconds."""
    waiting: list[Block] = []
    frames = 0
    for block in blocks:
        if waiting and not _alike(waiting[0], block):
            yield _joined(waiting)
            waiting, frames = [], 0
        waiting.append(block)
        frames += len(block.samples)
        if frames >= BLOCK_FRAMES:
            yield _joined(waiting)
            waiting, frames = [], 0
    if waiting:
        yield _joined(waiting)


def _alike(one: Block, other: Block) -> bool:
    return (one.sample_rate_hz, one.samples.shape[1]) == (other.sample_rate_hz, other.samples.shape[1])


def _joined(blocks: list[Block]) -> Block:
    return Block(blocks[0].sample_rate_hz, np.concatenate([block.samples for block in blocks]))


def _undecodable(part: Part, reason: str) -> AudioError:
    return AudioError(
        f"audio_bytes: expected a readable audio file, got a {part.container} file that cannot be decoded "
        f"({reason}); send it again, complete, or convert it."
    )
