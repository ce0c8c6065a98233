"""The official SDK, unchanged, against the gateway."""

from __future__ import annotations

import openai
import pytest

KEY = "any, where none is asked for"


@pytest.fixture
def sdk(gateway):
    """The blocking client."""
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=KEY, max_retries=0, timeout=60) as client:
        yield client


@pytest.fixture
async def async_sdk(gateway):
    """The asyncio client."""
    url = f"{gateway.url}/v1"
    async with openai.AsyncOpenAI(base_url=url, api_key=KEY, max_retries=0, timeout=60) as client:
        yield client
