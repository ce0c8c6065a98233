"""The README's Python blocks run as they are, against the live server."""

import re

import pytest

from .conftest import ROOT

BLOCKS = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[0])
def test_python_block_runs_and_prints(block, server, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    exec(compile(block.replace("localhost:8001", server.grpc_url), "README.md", "exec"), {})
    assert "today" in capsys.readouterr().out.lower()


def test_there_are_blocks():
    assert len(BLOCKS) >= 2
