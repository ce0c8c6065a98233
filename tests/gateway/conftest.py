"""The gateway in front of the real Triton server."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from tritone_client import Client
from tritone_gateway.settings import Settings
from tritone_gateway.settings.storage import StorageSettings

from tests.gateway.databases import emptied, postgresql, postgresql_programs
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


@pytest.fixture(scope="session")
def triton(server):
    """The client of tritone, for comparison."""
    with Client(server.grpc_url) as client:
        yield client


@pytest.fixture(scope="session")
def postgresql_server():
    """URL of an empty database of a real PostgreSQL."""
    programs = postgresql_programs()
    if programs is None:
        pytest.skip("PostgreSQL's server is not installed; `make test-packages` installs it")
    with postgresql(programs) as url:
        yield url


@pytest.fixture
def postgresql_database(postgresql_server):
    """URL of an empty database of PostgreSQL, emptied afterwards."""
    yield postgresql_server
    asyncio.run(emptied(postgresql_server))


@pytest.fixture(params=["sqlite", "postgresql"])
def storage(request, tmp_path):
    """Settings of an empty database, of either kind, and an empty store of audio."""
    if request.param == "sqlite":
        return StorageSettings(data_folder=tmp_path)
    return StorageSettings(data_folder=tmp_path, database_url=request.getfixturevalue("postgresql_database"))
