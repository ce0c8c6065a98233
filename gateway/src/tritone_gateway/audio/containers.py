"""What an audio file is, found in its content: the name that a caller gave it says nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn

import av
from av.container import InputContainer
from av.error import FFmpegError
from tritone_client.recordings import FORMATS

from tritone_gateway.errors import BadRequestError


@dataclass(frozen=True)
class Container:
    """A format of audio files."""

    name: str  #: for messages
    suffix: str  #: of file names, with its dot
    media_type: str


@dataclass(frozen=True)
class Recording:
    """What the header of a file says."""

    container: Container
    sample_rate_hz: int
    channels: int
    #: None where the header has none, as browsers write it; of MP3 without an index an estimate
    duration_s: float | None


WAV = Container("WAV", ".wav", "audio/wav")
FLAC = Container("FLAC", ".flac", "audio/flac")
OGG = Container("OGG", ".ogg", "audio/ogg")
MP3 = Container("MP3", ".mp3", "audio/mpeg")
AAC = Container("AAC", ".aac", "audio/aac")
AMR = Container("AMR", ".amr", "audio/amr")
WMA = Container("WMA", ".wma", "audio/x-ms-wma")
WEBM = Container("WebM", ".webm", "audio/webm")
MATROSKA = Container("Matroska", ".mka", "audio/x-matroska")
MP4 = Container("MP4", ".mp4", "audio/mp4")
M4A = Container("M4A", ".m4a", "audio/mp4")
MOV = Container("MOV", ".mov", "video/quicktime")
THREE_GP = Container("3GP", ".3gp", "audio/3gpp")

_MATROSKA, _MP4 = "matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2"  # FFmpeg's names of families
_BY_DEMUXER = {
    "wav": WAV,
    "w64": Container("Wave64", ".w64", "audio/x-w64"),
    "flac": FLAC,
    "ogg": OGG,
    "mp3": MP3,
    "aac": AAC,
    "amr": AMR,
    "amrnb": AMR,
    "amrwb": AMR,
    "asf": WMA,
    _MATROSKA: MATROSKA,
    _MP4: MP4,
}
_BY_BRAND = {"M4A": M4A, "M4B": M4A, "qt": MOV, "3gp": THREE_GP, "3g2": THREE_GP}
_LEAST_BYTES_PER_S = 250  # of the codecs that compress speech most
_EBML_HEAD_BYTES = 64  # the document type is in the first element


def inspect(audio: Path | BinaryIO, param: str = "file") -> Recording:
    """Read what the header of an audio file says; blocks while it reads.

    Args:
        audio: the file, or one that is open and can seek; its position is kept.
        param: the field that it came in, for errors.

    Raises:
        BadRequestError: not an audio file that the recogniser decodes.
    """
    if isinstance(audio, Path):
        with audio.open("rb") as file:
            return inspect(file, param)
    position = audio.tell()
    audio.seek(0)
    head = audio.read(_EBML_HEAD_BYTES)
    audio.seek(0)
    try:
        with opened(audio, param) as container:
            track = container.streams.audio[0].codec_context
            duration_s = None if container.duration is None else container.duration / av.time_base
            return Recording(_container(container, head), track.sample_rate, track.channels, duration_s)
    finally:
        audio.seek(position)


async def check_duration(file: BinaryIO, size: int, longest_s: float, param: str = "file") -> None:
    """Refuse a recording that is too long, if its header says how long it is.

    Args:
        file: that is open and can seek; its position is kept.
        size: of the file, in bytes. Files too small for such a recording are not read.
        longest_s: that is accepted.
        param: the field that it came in.

    Raises:
        BadRequestError: it is longer.
    """
    if size < longest_s * _LEAST_BYTES_PER_S:
        return
    try:
        duration_s = (await asyncio.to_thread(inspect, file, param)).duration_s
    except BadRequestError:
        return  # the recogniser says why it is none
    if duration_s is not None and duration_s > longest_s:
        raise too_long(duration_s, longest_s, param)


def too_long(duration_s: float, longest_s: float, param: str = "file") -> BadRequestError:
    """Return the error for a recording that is longer than it may be."""
    return BadRequestError(
        f"{param}: expected at most {longest_s:g} s of audio, got {duration_s:.1f} s; split the recording.",
        param=param,
    )


@contextmanager
def opened(file: BinaryIO, param: str = "file") -> Iterator[InputContainer]:
    """Open an audio file with FFmpeg, which sees its bytes and no other file or address.

    Raises:
        BadRequestError: it cannot be read, or has no audio track that can be decoded; also within the block,
            where decoding fails.
    """
    options = {"protocol_whitelist": "", "format_whitelist": ",".join(_BY_DEMUXER)}
    try:
        with av.open(file, "r", options=options, io_open=_refuse, metadata_errors="ignore") as container:
            tracks = container.streams.audio
            if not tracks or tracks[0].codec_context is None:
                raise BadRequestError(
                    f"{param}: expected an audio track that can be decoded, got none; send a {FORMATS} file.",
                    param=param,
                )
            yield container
    except FFmpegError as error:
        raise BadRequestError(
            f"{param}: expected a readable audio file, got one that cannot be decoded; "
            f"send a whole {FORMATS} file.",
            param=param,
        ) from error


def _container(container: InputContainer, head: bytes) -> Container:
    name = container.format.name
    if name == _MATROSKA and b"webm" in head:
        return WEBM
    if name == _MP4:
        brand = container.metadata.get("major_brand", "").strip()
        return _BY_BRAND.get(brand, _BY_BRAND.get(brand[:3], MP4))
    return _BY_DEMUXER[name]


def _refuse(*_: object, **__: object) -> NoReturn:
    raise BadRequestError("file: expected a self-contained file, got one that refers to other files.")
