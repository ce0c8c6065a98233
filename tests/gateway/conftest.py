"""The gateway in front of the real Triton server."""

from __future__ import annotations

import httpx
import pytest
from tritone_gateway.settings import Settings

from tests.gateway.serving import RunningGateway


@pytest.fixture(scope="session")
def gateway(server, tmp_path_factory):
    """A gateway on localhost without keys, with everything else as it is by default."""
    with RunningGateway(Settings(triton_url=server.grpc_url)) as running:
        yield running


@pytest.fixture
def http(gateway):
    """A client of that gateway."""
    with httpx.Client(base_url=gateway.url, timeout=60) as client:
        yield client
