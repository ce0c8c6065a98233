"""The comparison with NeMo behind FastAPI, as a section of a load test's report.

It runs as a separate process, `python -m perf.alternative`: its failure does not affect the load test.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from perf.instruments.inputs.sources import Sources
from perf.instruments.load_test_results import LoadTestRun
from tritone.server.options import ROOT

TITLE = "Against NeMo in-process behind FastAPI"
SECTION = "alternative"
COMMAND = (sys.executable, "-m", "perf.alternative")


def reason_against(requested: bool | None, quick: bool, elsewhere: bool, complete: bool) -> str:
    """Return why the comparison is left out, "" if it is not.

    Args:
        requested: whether it was requested; None if neither option was given.
        quick: a short test.
        elsewhere: the server was not started by the test.
        complete: all planned loads were tried.
    """
    if requested is not None:
        return "" if requested else "not requested (--no-alternative)"
    circumstances = {
        "with --quick": quick,
        "against a running server": elsewhere,
        "after a test that was interrupted": not complete,
    }
    left_out = [name for name, applies in circumstances.items() if applies]
    return f"not measured {left_out[0]}; request it with --alternative" if left_out else ""


def compared(
    run: LoadTestRun, sources: Sources, quick: bool, command: Sequence[str] = COMMAND
) -> tuple[LoadTestRun, dict[str, str]]:
    """Run the comparison on the same inputs.

    Args:
        run: the load test so far.
        sources: recordings and texts.
        quick: a short comparison.
        command: the program that compares.

    Returns:
        The run with its figures or the reason for their absence, and Markdown for the report by heading.
    """
    with tempfile.TemporaryDirectory() as folder:
        texts, result = Path(folder) / "texts.txt", Path(folder) / "result.json"
        texts.write_text("\n".join(sources.texts), encoding="utf-8")
        words = [*command, "--json", str(result), "--texts-file", str(texts), *["--quick"] * quick]
        words += ["--recordings", *map(str, sources.recordings)]
        try:
            code, messages = _run(words)
        except KeyboardInterrupt:
            code, messages = 1, "interrupted"
        if code:
            reason = messages.rpartition("perf.alternative: ")[2].strip()
            return replace(run, skipped={**run.skipped, TITLE: reason}), {}
        content = json.loads(result.read_text(encoding="utf-8"))
    return replace(run, sections={**run.sections, SECTION: content["result"]}), {TITLE: content["report"]}


def _run(command: Sequence[str]) -> tuple[int, str]:
    """Run a command; return its exit code and what it wrote to standard error, which is passed on too."""
    messages = []
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        for line in process.stderr or ():
            print(line, end="", file=sys.stderr, flush=True)
            messages.append(line)
    return process.returncode, "".join(messages)
