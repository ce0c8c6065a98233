"""Processes that decode files, so that a file that crashes its decoder affects no other request."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from queue import SimpleQueue
from select import select
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from ..errors import AudioError

_WALL_S = 900.0  # wall-clock limit for one file; CPU time is limited in the process
_ATTEMPTS = 2  # the first process may have died of another cause


class DecoderPool:
    """Decodes files in a bounded number of processes.

    Args:
        processes: number of processes, started with the pool and restarted when they die.
    """

    def __init__(self, processes: int) -> None:
        self._idle: SimpleQueue[_Decoder] = SimpleQueue()
        for _ in range(processes):
            self._idle.put(_Decoder())

    def decode(self, data: bytes, max_audio_s: float) -> NDArray[np.float32]:
        """Decode a file as `decoding.decode_audio` does; may be called from several threads.

        Raises:
            AudioError: as there, or the file crashes its decoder.
            RuntimeError: decoding failed for a reason other than the file.
        """
        decoder = self._idle.get()
        try:
            return _decoded(decoder, data, max_audio_s)
        finally:
            self._idle.put(decoder)

    def close(self) -> None:
        """End the idle processes; busy ones end with this process."""
        while not self._idle.empty():
            self._idle.get().close()

    def __enter__(self) -> DecoderPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _decoded(decoder: _Decoder, data: bytes, max_audio_s: float) -> NDArray[np.float32]:
    attempt = 1
    while True:
        try:
            return decoder.decode(data, max_audio_s)
        except _DecoderDiedError as error:
            decoder.restart()
            if attempt < _ATTEMPTS and not error.is_final:
                attempt += 1
                continue
            if error.at_start:
                raise RuntimeError(f"decoder process: expected it to start, but it {error}") from error
            raise AudioError(
                f"audio_bytes: expected a file that can be decoded, got {len(data)} bytes on which the "
                f"decoder {error}; convert the file."
            ) from error


class _DecoderDiedError(Exception):
    def __init__(self, reason: str, *, is_final: bool = False, at_start: bool = False) -> None:
        super().__init__(reason)
        self.is_final = is_final  # whether a retry would fail the same way
        self.at_start = at_start  # before it received the file


class _Decoder:
    """A process and the memory shared with it."""

    def __init__(self) -> None:
        self._file = os.memfd_create("tritone-recording")
        self._samples = os.memfd_create("tritone-samples")
        self._is_ready = False  # until the process reports it
        self._start()

    def decode(self, data: bytes, max_audio_s: float) -> NDArray[np.float32]:
        """Decode a file in the process; raise _DecoderDiedError if it dies."""
        try:
            self._share(data)
            if not self._is_ready:
                self._answer(at_start=True)
                self._is_ready = True
            self._ask({"bytes": len(data), "max_audio_s": max_audio_s})
            answer = json.loads(self._answer())
            if "refused" in answer:
                raise AudioError(answer["refused"])
            if "fault" in answer:
                raise RuntimeError(f"decoding failed in its process:\n{answer['fault']}")
            return self._result(answer["samples"])
        finally:
            os.ftruncate(self._file, 0)  # releases the memory
            os.ftruncate(self._samples, 0)

    def restart(self) -> None:
        """Replace the process."""
        self._end()
        self._start()

    def close(self) -> None:
        """End the process and release its resources."""
        self._end()
        os.close(self._file)
        os.close(self._samples)

    def _start(self) -> None:
        alive, self._alive = os.pipe()  # closed when this process ends, however it ends
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        descriptors = (self._file, self._samples, alive)
        self._process = subprocess.Popen(
            [_python(), "-m", f"{__package__}.decoder_process", *map(str, descriptors)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # libraries report every damaged frame there
            pass_fds=descriptors,
            env=environment,
        )
        os.close(alive)
        self._is_ready = False

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with suppress(BrokenPipeError):  # a request that the process did not read before it died
                    pipe.close()
        os.close(self._alive)

    def _share(self, data: bytes) -> None:
        os.lseek(self._file, 0, os.SEEK_SET)
        view = memoryview(data)
        while len(view):
            view = view[os.write(self._file, view) :]

    def _ask(self, question: dict[str, float]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(question).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._death() from None

    def _answer(self, at_start: bool = False) -> bytes:
        assert self._process.stdout is not None
        if not select([self._process.stdout], [], [], _WALL_S)[0]:
            raise _DecoderDiedError(f"was not done within {_WALL_S:.0f} s", is_final=True, at_start=at_start)
        answer = self._process.stdout.readline()
        if not answer.endswith(b"\n"):
            raise self._death(at_start)
        return answer

    def _death(self, at_start: bool = False) -> _DecoderDiedError:
        code = self._process.wait()
        if code == -signal.SIGXCPU:
            return _DecoderDiedError("took too much processor time", is_final=True)
        how = signal.Signals(-code).name if code < 0 else f"code {code}"
        return _DecoderDiedError(f"died ({how})", at_start=at_start)

    def _result(self, samples: int) -> NDArray[np.float32]:
        result = np.empty(samples, np.float32)
        view, position = result.view(np.uint8).data, 0
        while position < len(view):
            position += os.preadv(self._samples, [view[position:]], position)
        return result


def _python() -> str:
    """Return this environment's interpreter; `sys.executable` may be a program that embeds Python."""
    candidates = [
        f"{prefix}/bin/python{sys.version_info[0]}.{sys.version_info[1]}"
        for prefix in (sys.prefix, sys.base_prefix)
    ]
    return next((path for path in candidates if os.access(path, os.X_OK)), sys.executable)
