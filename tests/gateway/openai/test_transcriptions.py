import pytest

from tests.gateway.audio.recordings import SAMPLE, SAMPLE_S


@pytest.fixture(scope="module")
def expected(triton):
    """What tritone's client recognises in the sample."""
    return triton.transcribe(SAMPLE)


def test_json_is_what_the_client_recognises(sdk, expected):
    answer = sdk.audio.transcriptions.create(file=SAMPLE, model="whisper-1")
    assert answer.text == expected.text
    assert (answer.usage.type, answer.usage.seconds) == ("duration", SAMPLE_S)
    assert answer.logprobs is None


async def test_asynchronous_sdk_gets_the_same(async_sdk, expected):
    answer = await async_sdk.audio.transcriptions.create(file=SAMPLE, model="gpt-4o-transcribe")
    assert answer.text == expected.text
