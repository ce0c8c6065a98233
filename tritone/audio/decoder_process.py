"""Decode files in a process of its own: `python -m tritone.audio.decoder_process IN OUT ALIVE`.

`decoder_pool` runs it. IN and OUT are file descriptors of shared memory. A line of JSON on standard input
says how many bytes of a file lie in IN. The samples go to OUT, float32; a line of JSON with their number, or
with what is wrong with the file, goes to standard output. ALIVE is a pipe that ends with the parent, and so
does the process.
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

MEMORY_BYTES = (
    1 << 30
)  # beyond the shared memory: what decoders need does not grow with the length of a recording
PROCESSOR_S = 120  # for one file; an hour of audio takes up to about ten on an ordinary core
_DESCRIPTORS = 8  # that may be opened on top of those at the start: decoding opens none but for shared memory
_TOO_LARGE = (
    f"audio_bytes: expected a file that is decoded within {MEMORY_BYTES >> 20} MiB of memory, got one that "
    "needs more; convert the file."
)


def main() -> None:
    """Answer files until standard input ends."""
    file, samples, alive = (int(argument) for argument in sys.argv[1:4])
    threading.Thread(target=_end_with_parent, args=(alive,), daemon=True).start()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print is no answer
    _limit(resource.RLIMIT_DATA, MEMORY_BYTES)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, max(map(int, os.listdir("/proc/self/fd"))) + _DESCRIPTORS)
    gc.freeze()  # collecting looks at what a file left only
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
        gc.collect()  # the views of the file


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
    """Set a limit that may be raised again."""
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


if __name__ == "__main__":
    main()
