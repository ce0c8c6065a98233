"""`python -m export CHECKPOINT ...`: turn NeMo checkpoints into verified graphs and install them."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from export.checkpoint import Checkpoint
from export.checkpoint_store import Store
from export.errors import ExportError, VerificationError
from export.families import family_of
from export.family import Family, Options
from export.fetch import DIRECTORY, fetched
from export.graph_file import LARGEST_BYTES
from export.installation import Stage
from export.model_set import NAME, remove
from export.nemo_environment import prepare, set_variables
from export.summary import Summary, report

DEFAULT_REPOSITORY = Path("model_repository")
DEFAULT_CALIBRATION = Path("demo/recordings")


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = argparse.ArgumentParser(prog="python -m export", description=__doc__)
    parser.add_argument(
        "checkpoints",
        nargs="+",
        metavar="CHECKPOINT",
        help="a .nemo file, or a name that `python -m export.fetch` lists: it is downloaded first",
    )
    parser.add_argument(
        "--directory", type=Path, default=DIRECTORY, help="of downloaded checkpoints, default: %(default)s"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask before downloading more than 2 GB")
    parser.add_argument("--repository", type=Path, default=DEFAULT_REPOSITORY, help="default: %(default)s")
    parser.add_argument("--version", type=int, default=1, help="version folder, default: %(default)s")
    parser.add_argument("--name", nargs="+", default=(), metavar="NAME", help="install only these models")
    parser.add_argument(
        "--calibration",
        type=Path,
        default=DEFAULT_CALIBRATION,
        help="recordings for int8 and for verification, a folder or a manifest, default: %(default)s",
    )
    second = parser.add_mutually_exclusive_group()
    second.add_argument(
        "--suffix", default="", help="install into models whose names end so, e.g. _de: a second set of them"
    )
    second.add_argument(
        "--beside",
        metavar="NAME",
        help="a recogniser or a voice: make models and pipelines of their own for it beside those that are "
        "there, e.g. speech_to_text_NAME",
    )
    parser.add_argument(
        "--ensembles", type=Path, default=Path("ensembles"), help="for --beside; default: %(default)s"
    )
    parser.add_argument(
        "--half",
        action="store_true",
        help="a recogniser: round the weights to float16, half the size; verified with a wider tolerance",
    )
    parser.add_argument(
        "--largest-file",
        type=int,
        default=LARGEST_BYTES >> 20,
        metavar="MIB",
        help="a recogniser: put weights above this into a data file beside the graph, default: %(default)s, "
        "as much as one file can hold",
    )
    parser.add_argument("--no-int8", action="store_true", help="make no int8 variant")
    parser.add_argument(
        "--threads", type=int, default=None, help="torch's and ONNX Runtime's, default: all cores"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Export checkpoints; 0 when all are installed, 1 when one differs from NeMo, 2 when one is refused."""
    given = parser().parse_args(arguments)
    try:
        if given.beside and not NAME.fullmatch(given.beside):
            raise ExportError(
                f"beside: expected a name of lower-case letters, digits and _, not ending in canary, not "
                f"beginning with stream, got {given.beside!r}."
            )
        if given.beside and given.name:
            raise ExportError(
                "name: expected none with --beside, which makes whole sets, got "
                f"{', '.join(given.name)}; for some models of a set that is there give --suffix "
                f"_{given.beside} instead."
            )
        store = Store.at(given.directory)
        checkpoints = [Checkpoint.open(fetched(name, store, given.yes)) for name in given.checkpoints]
        options = Options(
            repository=given.repository,
            version=given.version,
            names=tuple(given.name),
            calibration=given.calibration,
            quantize=not given.no_int8,
            half=given.half,
            largest_bytes=largest_bytes(given.largest_file),
            suffix=f"_{given.beside}" if given.beside else given.suffix,
            ensembles=given.ensembles if given.beside else None,
        )
        set_variables()
        families = [family_of(checkpoint, options) for checkpoint in checkpoints]
        for family in families:
            if given.half and family.role != "recogniser":
                raise ExportError(f"half: expected a recogniser's checkpoint, got a {family.class_name}.")
        require_one_of_each(families)
        summaries = _export(families, given.threads)
        served = given.repository == DEFAULT_REPOSITORY  # by `make serve`
        print(report(summaries, given.beside or "", commands=served))
    except VerificationError as error:
        print(error, file=sys.stderr)
        return 1
    except ExportError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _export(families: Sequence[Family], threads: int | None) -> list[Summary]:
    """Compare all checkpoints with NeMo, then install them; where that fails, a new set is removed again."""
    with ExitStack() as scratch:
        staged = []
        for family in families:
            family.together = families
            prepare(threads)
            folder = scratch.enter_context(tempfile.TemporaryDirectory(prefix="tritone-export-"))
            stage = Stage(Path(folder))
            staged.append((family, stage, family.check(stage)))
        try:
            for family, stage, _ in staged:
                family.install(stage)
        except BaseException:
            remove([folder for family in families for folder in family.created])
            raise
        return [Summary.of(family, checks) for family, _, checks in staged]


def require_one_of_each(families: Sequence[Family]) -> None:
    """Refuse checkpoints of which the last would replace the others.

    Raises:
        ExportError: names their classes.
    """
    for role in dict.fromkeys(family.role for family in families):
        given = [family.class_name for family in families if family.role == role]
        if len(given) > 1:
            raise ExportError(
                f"checkpoints: expected at most one {role}, got {', '.join(given)}; export each in a command "
                "of its own, under another NAME."
            )


def largest_bytes(mib: int) -> int:
    """Bytes of weights in a graph's file.

    Raises:
        ExportError: fewer than none, or more than a file can hold.
    """
    if not 0 <= mib <= LARGEST_BYTES >> 20:
        raise ExportError(f"largest-file: expected 0 to {LARGEST_BYTES >> 20} MiB, got {mib}.")
    return mib << 20


if __name__ == "__main__":
    sys.exit(main())
