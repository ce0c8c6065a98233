"""Live streams, as a section of a load test's report.

Another process measures them, `python -m perf.streaming`: its failure does not affect the load test.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from perf.instruments.load_test_results import LoadTestRun
from tritone.server.options import ROOT

TITLE = "Live streams"
FOLDER = "streams"  # in that of the load test
COMMAND = (sys.executable, "-m", "perf.streaming")
_HEADING = "# Live streams under load\n"


def reason_against(repository: Path, served: Path, quick: bool, elsewhere: bool, complete: bool) -> str:
    """Return why streams are left out, "" if they are not.

    Args:
        repository: that was measured.
        served: that the streams are measured with.
        quick: a short test.
        elsewhere: the server was not started by the test.
        complete: all planned loads were tried.
    """
    circumstances = {
        "with --quick": quick,
        "against a running server": elsewhere,
        "with another --repository": repository.resolve() != served.resolve(),
        "after a test that was interrupted": not complete,
    }
    left_out = [name for name, applies in circumstances.items() if applies]
    return f"not measured {left_out[0]}; `make perf-streams` measures them alone" if left_out else ""


def measured(
    run: LoadTestRun, folder: Path, config: str | None, command: Sequence[str] = COMMAND
) -> tuple[LoadTestRun, dict[str, str]]:
    """Measure streams.

    Args:
        run: the load test so far.
        folder: of the load test.
        config: name of the served configs, None for the default ones.
        command: the program that measures.

    Returns:
        The run, with the reason if there are no figures, and Markdown for the report by heading.
    """
    output = folder / FOLDER
    words = [*command, "--output", str(output), *(["--config", config] if config else [])]
    try:
        done = subprocess.run(
            words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
        )
        code, messages = done.returncode, done.stderr
    except KeyboardInterrupt:
        code, messages = 1, "interrupted"
    if code:
        reason = messages.rpartition("perf.streaming: ")[2].strip()
        return replace(run, skipped={**run.skipped, TITLE: reason}), {}
    text = (output / "report.md").read_text(encoding="utf-8").removeprefix(_HEADING).strip()
    for plot in output.glob("*.png"):  # the page embeds images of its own folder
        shutil.copy(plot, folder)
    return run, {TITLE: text}
