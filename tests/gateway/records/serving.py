"""A gateway with a scripted speech backend."""

from __future__ import annotations

from contextlib import contextmanager

import httpx
import pytest
from tritone_gateway import services
from tritone_gateway.settings import Settings

from tests.gateway.serving import RunningGateway


@contextmanager
def client_of(backend, **settings):
    """Serve with a backend; yields a client."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(services, "TritonBackend", lambda *_, **__: backend)
        with (
            RunningGateway(Settings(**settings)) as gateway,
            httpx.Client(base_url=gateway.url, timeout=30) as client,
        ):
            yield client
