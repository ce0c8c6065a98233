"""Decode files in a separate process: `python -m tritone.audio.decoder_process IN OUT ALIVE`.

`decoder_pool` runs it. IN and OUT are file descriptors of shared memory. A line of JSON on standard input
gives the number of bytes of a file in IN. The samples are written to OUT, float32; a line of JSON with their
number, or with the error, is written to standard output. ALIVE is a pipe that closes with the parent, upon
which the process exits.
"""

from __future__ import annotations

import gc
import json
import mmap
import os
import resource
import sys
import threading
import traceback
from typing import Any

import numpy as np

from ..errors import AudioError
from .decoding import decoded_blocks

MEMORY_BYTES = 1 << 30  # besides the shared memory; decoders need constant memory
PROCESSOR_S = 120  # for one file; an hour of audio takes up to about 10 s on an ordinary core
_DESCRIPTORS = 8  # beyond those open at the start: decoding only opens shared memory
_TOO_LARGE = (
    f"audio_bytes: expected a file that can be decoded within {MEMORY_BYTES >> 20} MiB of memory, got one "
    "that needs more; convert the file."
)


def main() -> None:
    """Decode files until standard input ends."""
    file, samples, alive = (int(argument) for argument in sys.argv[1:4])
    threading.Thread(target=_end_with_parent, args=(alive,), daemon=True).start()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # keeps output of libraries out of the protocol
    _limit(resource.RLIMIT_DATA, MEMORY_BYTES)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, max(map(int, os.listdir("/proc/self/fd"))) + _DESCRIPTORS)
    gc.freeze()  # garbage collection then only visits objects of the current file
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        used_s = resource.getrusage(resource.RUSAGE_SELF)
        _limit_softly(resource.RLIMIT_CPU, int(used_s.ru_utime + used_s.ru_stime) + PROCESSOR_S)
        print(json.dumps(_answer(question, file, samples)), file=answers, flush=True)


def _answer(question: dict[str, Any], file: int, samples: int) -> dict[str, Any]:
    try:
        return {"samples": _decode(question["bytes"], question["max_audio_s"], file, samples)}
    except AudioError as error:
        return {"refused": str(error)}
    except MemoryError:
        return {"refused": _TOO_LARGE}
    except Exception:
        return {"fault": traceback.format_exc()}
    finally:
        gc.collect()  # views of the file's memory


def _decode(size: int, max_audio_s: float, file: int, samples: int) -> int:
    os.ftruncate(samples, 0)
    os.lseek(samples, 0, os.SEEK_SET)
    data: bytes | mmap.mmap = mmap.mmap(file, size, access=mmap.ACCESS_READ) if size else b""
    written = 0
    for block in decoded_blocks(data, max_audio_s):
        content = block.view(np.uint8).data
        while len(content):
            content = content[os.write(samples, content) :]
        written += block.size
    return written


def _end_with_parent(alive: int) -> None:
    os.read(alive, 1)  # nothing is ever written to this pipe: the read returns when the parent has gone
    os._exit(1)


def _limit_softly(kind: int, value: int) -> None:
    """Set a soft limit, which can be raised again."""
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


if __name__ == "__main__":
    main()
