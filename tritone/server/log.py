"""The server's log: forward it, bound the size of its file, recognise harmless errors."""

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
    """Return whether an error line only reports that the machine has no GPU."""
    return any(
        word in line
        for word in ("CUDA driver", "CudaDriverHelper", "NVML", "DCGM", "pinned_memory", "no CUDA")
    )


def write_if_possible(text: str) -> None:
    """Write to stderr; drop the text if stderr is closed, full or without a reader."""
    stream = sys.stderr  # None if Python was started with the descriptor closed
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
    """Forward the lines appended to a log until its writer has ended; truncate the file when it is too long.

    The caller of the launcher keeps the forwarded lines; the file only serves to report a failure. A line
    written at the moment of truncation may be lost.

    Args:
        path: a file that its writer opened for appending, so that it continues at the new end.
        write: receives each line, with its newline.
        ended: whether nothing more will be written.
        longest_bytes: a longer file is truncated once it has been read to its end.
    """
    with path.open(encoding="utf-8", errors="replace") as log:
        while True:
            last = ended()  # checked before reading, so that no last line is missed
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
