"""The server's log: pass it on without letting its file grow for ever; tell what in it means nothing."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

LONGEST_BYTES = 32 << 20
_POLL_S = 0.2


def is_harmless(line: str) -> bool:
    """Return whether an error line only says that the machine has no GPU."""
    return any(
        word in line
        for word in ("CUDA driver", "CudaDriverHelper", "NVML", "DCGM", "pinned_memory", "no CUDA")
    )


def write_if_possible(text: str) -> None:
    """Write to stderr; where it is closed, full or without a reader, the text is lost and nothing else."""
    stream = sys.stderr  # None where Python was started with the descriptor closed
    if stream is None:
        return
    with suppress(OSError, ValueError):
        stream.write(text)
        stream.flush()


def follow_log(
    path: Path,
    write: Callable[[str], object],
    ended: Callable[[], bool],
    longest_bytes: int = LONGEST_BYTES,
) -> None:
    """Pass on what is appended to a log until its writer has ended; empty the file whenever it is long.

    Whoever starts the launcher keeps what it passes on; the file is only for the reasons of a failure. A line
    written in the instant of emptying may be lost.

    Args:
        path: a file that its writer opened for appending, so that it goes on at the new end.
        write: takes each line, with its newline.
        ended: whether nothing more will be written.
        longest_bytes: past this and read to its end, the file is emptied.
    """
    with path.open(encoding="utf-8", errors="replace") as log:
        while True:
            last = ended()  # asked before reading, so that nothing written before the end is missed
            line = log.readline()
            if line:
                write(line)
            elif last:
                return
            else:
                if os.path.getsize(path) > longest_bytes:
                    os.truncate(path, 0)
                    log.seek(0)
                time.sleep(_POLL_S)
