"""Download published checkpoints by name: `python -m export.fetch [NAME...]`; without a name, list them.

A file must have the size and SHA-256 that its host announces; NGC announces no SHA-256. That of the first
download is written to a lock file. Every later download and every existing file must match it. A checksum
from another source can be pinned beforehand.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from export.catalogue import Entry, amount, catalogue, table
from export.checkpoint_store import HUB_VARIABLE, NGC_VARIABLE, Download, Store, mirrors
from export.checksum_lock import LOCK_NAME, ChecksumLock
from export.errors import DiskSpaceError, ExportError, NotConfirmedError
from export.published import HUGGING_FACE, MB, NGC

ALL = "all"
ASK_ABOVE_BYTES = 2000 * MB
DIRECTORY = Path("checkpoints")
INTERRUPTED = 130  # 128 + SIGINT, as shells report it


def fetched(given: str, store: Store, yes: bool = False) -> Path:
    """The file of a checkpoint that is given as a path or as a published name, downloaded if necessary.

    Args:
        given: an existing file, or a name of the catalogue. Anything else is returned as a path.
        store: where downloads go.
        yes: whether a large download needs no question.
    """
    entry = catalogue().get(given)
    if entry is None or Path(given).exists():
        return Path(given)
    wanted = store.plan(entry)
    if wanted is None:
        return store.path(given)
    require_space([wanted], store.directory)
    confirm([wanted], yes)
    return store.get(wanted)


def require_space(wanted: Sequence[Download], directory: Path) -> None:
    """Refuse downloads that the file system has no room for.

    Raises:
        DiskSpaceError: names what is missing.
    """
    existing = next(
        folder for folder in (directory.absolute(), *directory.absolute().parents) if folder.exists()
    )
    needed, free = sum(one.missing_bytes for one in wanted), shutil.disk_usage(existing).free
    if needed > free:
        raise DiskSpaceError(
            f"disk: expected {amount(needed)} free in {directory}, got {amount(free)}; make room, or give "
            "another folder (--directory)."
        )


def confirm(wanted: Sequence[Download], yes: bool) -> None:
    """Show what is to be downloaded, and ask before large downloads.

    Raises:
        NotConfirmedError: the answer was no, or there is no terminal to ask on.
    """
    sizes = {one.entry.name: one.size_bytes for one in wanted}
    print(table((one.entry for one in wanted), sizes), file=sys.stderr)
    total = sum(one.missing_bytes for one in wanted)
    if yes or total <= ASK_ABOVE_BYTES:
        return
    if not sys.stdin.isatty():
        raise NotConfirmedError(
            f"fetch: expected a confirmation to download {amount(total)}, but there is no terminal to ask "
            "on; add --yes (YES=1 for make)."
        )
    print(f"Download {amount(total)}? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise NotConfirmedError("fetch: nothing was downloaded.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch checkpoints; 0 when all are complete, 1 when any failed or was declined, 2 for wrong usage."""
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        print("\nfetch: interrupted; call again to continue", file=sys.stderr)
        return INTERRUPTED


def _run(arguments: Sequence[str] | None) -> int:
    parser, known = _parser(), catalogue()
    given = parser.parse_args(arguments)
    pinned = dict(pair.split("=", 1) for pair in given.sha256 if "=" in pair)
    unknown = [name for name in [*given.names, *pinned] if name not in known and name != ALL]
    if unknown or len(pinned) != len(given.sha256):
        parser.error(
            f"expected names among {', '.join(known)}, or {ALL}, and sums as NAME=SUM; "
            f"got {', '.join(unknown) or 'a sum without a name'}"
        )
    if not given.names:
        print(table(known.values()))
        print('\nmake fetch-checkpoints NAMES="NAME ..." downloads them; NAMES=all downloads every one.')
        return 0
    every = [name for name, entry in known.items() if not entry.published.refused]
    names = every if ALL in given.names else list(dict.fromkeys(given.names))
    lock = ChecksumLock(given.lock or given.directory / LOCK_NAME, pinned)
    store = Store(given.directory, lock, mirrors(given.base_url, given.hub_url))
    wanted, failed = _plans(store, [known[name] for name in names])
    try:
        if wanted:
            require_space(wanted, store.directory)
            confirm(wanted, given.yes)
    except (DiskSpaceError, NotConfirmedError) as error:
        print(error, file=sys.stderr)
        return 1
    for one in wanted:
        try:
            print(store.get(one))
        except (ExportError, OSError) as error:
            print(error, file=sys.stderr)
            failed += 1
    return 1 if failed else 0


def _plans(store: Store, entries: Sequence[Entry]) -> tuple[list[Download], int]:
    """What is to be downloaded, and how many checkpoints failed already; complete ones are printed."""
    wanted, failed = [], 0
    for entry in entries:
        try:
            one = store.plan(entry)
        except (ExportError, OSError) as error:
            print(error, file=sys.stderr)
            failed += 1
            continue
        if one is None:
            print(store.path(entry.name))
        else:
            wanted.append(one)
    return wanted, failed


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m export.fetch", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"or {ALL}; without one, list them")
    parser.add_argument("--directory", type=Path, default=DIRECTORY, help="default: %(default)s")
    for option, host, variable in (
        ("--base-url", NGC, NGC_VARIABLE),
        ("--hub-url", HUGGING_FACE, HUB_VARIABLE),
    ):
        parser.add_argument(
            option, metavar="URL", help=f"of a mirror of {host.name}, default: ${variable}, {host.base_url}"
        )
    parser.add_argument("--lock", type=Path, help=f"default: {LOCK_NAME} in the directory")
    parser.add_argument("--sha256", action="append", default=[], metavar="NAME=SUM", help="require this sum")
    parser.add_argument("--yes", action="store_true", help="do not ask before downloading more than 2 GB")
    return parser


if __name__ == "__main__":
    sys.exit(main())
