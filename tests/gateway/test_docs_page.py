"""The description of the requests works without anything from elsewhere."""

import re

import httpx
import pytest
from tritone_gateway.settings import Settings

from tests.gateway.serving import RunningGateway


@pytest.fixture(scope="module")
def gateway():
    with RunningGateway(Settings()) as running:
        yield running


def test_all_that_the_page_loads_is_there_and_its_own(gateway):
    page = httpx.get(f"{gateway.url}/docs")
    assert "<script>" not in page.text  # none inline, as the policy forbids it
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert loaded
    for path in loaded:
        assert path.startswith("/docs/")
        assert httpx.get(f"{gateway.url}{path}").status_code == 200
    assert "script-src 'self';" in page.headers["Content-Security-Policy"]


def test_description_says_that_a_key_may_be_sent(gateway):
    described = httpx.get(f"{gateway.url}/openapi.json").json()
    assert described["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert {"key": []} in described["security"]
    assert "/v1/listen/token" in described["paths"]


@pytest.mark.parametrize(
    "name", ["..%2f..%2f__init__.py", "%2e%2e/__init__.py", "__init__.py", "redoc.standalone.js"]
)
def test_no_other_file_is_served(gateway, name):
    assert httpx.get(f"{gateway.url}/docs/{name}").status_code == 404
