"""Stored audio: files in a local folder or objects in S3, encrypted or not."""

from __future__ import annotations

import hashlib
import io
import logging
import os
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, BinaryIO, TypeVar

import fsspec
from fsspec.implementations.local import LocalFileSystem

from tritone_gateway.errors import GatewayError, InternalError, UnavailableError
from tritone_gateway.storage.encryption import PIECE_BYTES, SEALED_BYTES, AudioCipher
from tritone_gateway.storage.threads import Threads

T = TypeVar("T")
_log = logging.getLogger(__name__)
_READ_BYTES = 1024 * 1024  # at a time; of S3, in one request
_PART_BYTES = 8 * 1024 * 1024  # of an upload to S3
_RETRY_S = 5


@dataclass(frozen=True)
class StoredAudio:
    """Audio in the store."""

    path: str  #: in the store
    size: int  #: bytes, before encryption
    digest: str  #: SHA-256 of them, hexadecimal
    encrypted: bool


class AudioStore:
    """The audio of one database.

    Args:
        files: where it is.
        folder: in it, of this database.
        cipher: encrypts what is written, if given, and decrypts what was encrypted.
    """

    def __init__(
        self, files: fsspec.AbstractFileSystem, folder: str, cipher: AudioCipher | None, threads: Threads
    ) -> None:
        self._files = files
        self._folder = folder.rstrip("/")
        self._cipher = cipher
        self._threads = threads
        self._has_folders = isinstance(files, LocalFileSystem)

    async def write(self, path: str, audio: IO[bytes]) -> StoredAudio:
        """Store a file from its beginning; durable when this returns. What it leaves on errors is a part."""
        return await self._run(self._write, path, audio)

    async def open(self, audio: StoredAudio) -> AudioReader:
        """Open stored audio.

        Raises:
            InternalError: it is not there, or encrypted and there is no key.
        """
        if audio.encrypted and self._cipher is None:
            raise InternalError("The stored audio is encrypted, and the gateway has no key (audio_key_file).")
        file = await self._run(self._open, audio.path)
        return AudioReader(file, audio, self._cipher if audio.encrypted else None, self._run)

    async def copy(self, audio: StoredAudio, target: IO[bytes]) -> None:
        """Write stored audio to a file, and go to its beginning."""
        reader = await self.open(audio)
        async for piece in reader.pieces(0, audio.size):
            await self._threads.run(target.write, piece)
        target.seek(0)

    async def is_current(self, audio: StoredAudio) -> bool:
        """Return whether audio is stored as `write` stores it now: with the newest key, or none."""
        if self._cipher is None or not audio.encrypted:
            return audio.encrypted == (self._cipher is not None)
        file = await self._run(self._open, audio.path)
        try:
            return self._cipher.is_newest(await self._run(file.read, SEALED_BYTES))
        finally:
            file.close()

    async def delete(self, path: str) -> None:
        """Remove a file, if it is there."""
        await self._run(self._delete, path)

    async def shards(self) -> list[str]:
        """Return the folders that have audio."""
        return await self._run(self._listed, "")

    async def paths(self, shard: str) -> list[str]:
        """Return the paths of the files in a folder."""
        return await self._run(self._listed, shard)

    async def written_at(self, path: str) -> datetime | None:
        """Return when a file was written, None if it is gone."""
        try:
            return await self._threads.run(self._files.modified, self._full(path))
        except FileNotFoundError:
            return None

    def _write(self, path: str, audio: IO[bytes]) -> StoredAudio:
        full, digest, size = self._full(path), hashlib.sha256(), 0
        folder = full.rpartition("/")[0]
        if self._has_folders and not self._files.isdir(folder):
            self._files.makedirs(folder, exist_ok=True)
            _make_durable_folder(self._folder)
        with self._files.open(full, "wb", block_size=_PART_BYTES) as target:
            for index, piece in enumerate(_pieces_of(audio)):
                digest.update(piece)
                size += len(piece)
                target.write(piece if self._cipher is None else self._cipher.sealed(path, index, piece))
            _make_durable(target)
        if self._has_folders:
            _make_durable_folder(folder)
        return StoredAudio(path, size, digest.hexdigest(), self._cipher is not None)

    def _open(self, path: str) -> BinaryIO:
        file: BinaryIO = self._files.open(self._full(path), "rb", block_size=_READ_BYTES, cache_type="none")
        return file

    def _delete(self, path: str) -> None:
        with suppress(FileNotFoundError):
            self._files.rm_file(self._full(path))

    def _listed(self, path: str) -> list[str]:
        try:
            names = self._files.ls(self._full(path), detail=False, refresh=True)
        except FileNotFoundError:
            return []
        start = len(self._full("").rstrip("/")) + 1
        return [name[start:] for name in names if len(name) > start]

    def _full(self, path: str) -> str:
        return f"{self._folder}/{path}" if path else self._folder

    async def _run(self, call: Callable[..., T], *args: Any) -> T:
        try:
            return await self._threads.run(call, *args)
        except GatewayError:
            raise
        except FileNotFoundError as error:
            raise InternalError("The stored audio is missing; the log has the reason.") from error
        except Exception as error:  # what a store raises is up to its library
            _log.exception("store of audio failed")
            raise UnavailableError("The store of audio does not answer.", retry_after_s=_RETRY_S) from error


class AudioReader:
    """Audio that is open; `pieces` closes it."""

    def __init__(
        self, file: BinaryIO, audio: StoredAudio, cipher: AudioCipher | None, run: Callable[..., Any]
    ) -> None:
        self._file = file
        self._audio = audio
        self._cipher = cipher
        self._run = run

    async def pieces(self, start: int, stop: int) -> AsyncGenerator[bytes, None]:
        """Yield the bytes of a range, and close the file."""
        try:
            while start < stop:
                piece = await self._run(self._read, start, stop)
                if not piece:
                    raise InternalError("The stored audio is shorter than it was.")
                yield piece
                start += len(piece)
        finally:
            self._file.close()

    def _read(self, start: int, stop: int) -> bytes:
        if self._cipher is None:
            self._file.seek(start)
            return self._file.read(min(_READ_BYTES, stop - start))
        first, skipped = divmod(start, PIECE_BYTES)
        last = (min(stop, start + _READ_BYTES) - 1) // PIECE_BYTES
        self._file.seek(first * SEALED_BYTES)
        sealed = self._file.read((last + 1 - first) * SEALED_BYTES)
        pieces = (
            self._cipher.opened(self._audio.path, first + number, sealed[place : place + SEALED_BYTES])
            for number, place in enumerate(range(0, len(sealed), SEALED_BYTES))
        )
        return b"".join(pieces)[skipped : skipped + stop - start]


def _pieces_of(audio: IO[bytes]) -> Iterator[bytes]:
    audio.seek(0)
    while piece := audio.read(PIECE_BYTES):
        yield piece


def _make_durable(file: Any) -> None:
    file.flush()
    with suppress(io.UnsupportedOperation, AttributeError):  # not local: closing it waits
        os.fsync(file.fileno())


def _make_durable_folder(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
