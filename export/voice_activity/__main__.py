"""`python -m export.voice_activity [WHEEL]`: make the graph of `voice_activity` from silero-vad's wheel."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from export.errors import ExportError, VerificationError
from export.nemo_environment import set_variables
from export.recognition.recordings import load_recordings
from export.verification import require, table
from export.voice_activity.wheel import VERSION, Wheel, download
from export.whole_file import write_whole

MODEL = "voice_activity"


def main(arguments: Sequence[str] | None = None) -> int:
    """Install the graph; 0 when it is, 1 when it differs from the original, 2 for another wheel."""
    parser = argparse.ArgumentParser(prog="python -m export.voice_activity", description=__doc__)
    parser.add_argument(
        "wheel", type=Path, nargs="?", help=f"of silero-vad {VERSION}; default: downloaded with pip"
    )
    parser.add_argument(
        "--repository", type=Path, default=Path("model_repository"), help="default: %(default)s"
    )
    parser.add_argument(
        "--recordings", type=Path, default=Path("demo/recordings"), help="compared on; default: %(default)s"
    )
    given = parser.parse_args(arguments)
    set_variables()
    try:
        with TemporaryDirectory() as folder:
            _install(given, Path(folder))
    except VerificationError as error:
        print(error, file=sys.stderr)
        return 1
    except ExportError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _install(given: argparse.Namespace, scratch: Path) -> None:
    from export.voice_activity.graph import write_voice_activity
    from export.voice_activity.verification import compare

    wheel = Wheel.open(given.wheel or download(scratch))
    graph = scratch / "model.onnx"
    write_voice_activity(wheel.weights, graph)
    recordings = [recording.samples for recording in load_recordings(given.recordings, 16_000)]
    checks = compare(graph, wheel.original, recordings)
    print(table(checks))
    require(checks, MODEL)
    version = given.repository / MODEL / "1"
    write_whole(version / "LICENSE", wheel.licence)
    write_whole(version / graph.name, graph.read_bytes())


if __name__ == "__main__":
    sys.exit(main())
