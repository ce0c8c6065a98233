"""The comparison with NeMo behind FastAPI, as a section of a load test's report."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import replace

from perf.alternative.http_side import RefusedError
from perf.alternative.inputs import InputsError
from perf.alternative.measurement import QUICK, THOROUGH, measure
from perf.alternative.report import markdown
from perf.alternative.results import AlternativeResult
from perf.bench.graphs import GraphsError
from perf.load.results import Run
from perf.load.sources import Sources
from tritone.errors import TritoneError

TITLE = "Against NeMo in-process behind FastAPI"
SECTION = "alternative"
SIZE = "demo"  # the bundled checkpoints, as the rest of the test
_FAILURES = (GraphsError, InputsError, RefusedError, TritoneError, OSError, subprocess.CalledProcessError)


def reason_against(asked: bool | None, quick: bool, elsewhere: bool, complete: bool) -> str:
    """Say why the comparison is left out; "" where it is not.

    Args:
        asked: for it, or against it; None where nothing was said.
        quick: a short test.
        elsewhere: the server under test is not one that the test started.
        complete: the test came to its end.
    """
    if asked is not None:
        return "" if asked else "not asked for (--no-alternative)"
    circumstances = {
        "with --quick": quick,
        "where the server runs already": elsewhere,
        "after a test that broke off": not complete,
    }
    left_out = [name for name, applies in circumstances.items() if applies]
    return f"not measured {left_out[0]}; ask for it with --alternative" if left_out else ""


def added(run: Run, sources: Sources, quick: bool) -> Run:
    """Measure the alternative; return the run with it, or with the reason why it could not be measured."""
    try:
        result = measure(SIZE, (QUICK if quick else THOROUGH)[SIZE], sources.recordings, sources.texts)
    except (*_FAILURES, KeyboardInterrupt) as error:  # what was measured before is still worth a report
        return replace(run, skipped={**run.skipped, TITLE: str(error) or "interrupted"})
    return replace(run, sections={**run.sections, SECTION: result.to_json()})


def sections(run: Run) -> Mapping[str, str]:
    """Return the section of a run that has it, as Markdown by heading."""
    content = run.sections.get(SECTION)
    return {} if content is None else {TITLE: markdown(AlternativeResult.from_json(content))}
