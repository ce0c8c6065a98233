"""The real Triton server, started once for all tests that ask for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tritone.server import Ports, ServerOptions, TritonServer
from tritone.server.options import REPOSITORIES


def pytest_addoption(parser):
    parser.addoption(
        "--model-repository",
        type=Path,
        default=REPOSITORIES[0],
        help="serve these models: the tests of synthesis hold for every voice, not only for the bundled one",
    )


@pytest.fixture(scope="session")
def server(request, tmp_path_factory):
    log = tmp_path_factory.mktemp("server") / "tritonserver.log"
    repositories = [request.config.getoption("--model-repository").resolve(), *REPOSITORIES[1:]]
    with TritonServer(ServerOptions(repositories=repositories, ports=Ports.free()), log=log) as running:
        yield running


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Show the end of the server's log with every failure."""
    report = (yield).get_result()
    running = getattr(item, "funcargs", {}).get("server")
    if report.failed and running is not None and running.log.exists():
        tail = running.log.read_text(errors="replace").splitlines()[-25:]
        report.sections.append(("tritonserver log (end)", "\n".join(tail)))
