"""Where measurements find their inputs and leave their results."""

from __future__ import annotations

from pathlib import Path

from tritone.server.options import ROOT

RECORDINGS = ROOT / "demo/recordings"
TEXTS = Path(__file__).parent / "inputs/texts.txt"
RESULTS = ROOT / "perf/results"
NEMO_PYTHON = ROOT / ".venv-export/bin/python"
