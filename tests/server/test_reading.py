"""The reading of a text on the real server: what will be said, without having it said."""

from __future__ import annotations

import subprocess
import sys

import pytest
import tritonclient.grpc as triton
import tritonclient.http as triton_http
from tritonclient.utils import InferenceServerException

from .conftest import tensor, text

WRITTEN = "It cost Dr. Lee $5 on 3 May.\nWell?\n\nThe 2nd paragraph."
READING = "It cost Doctor Lee five dollars on the third of May. Well?\nThe second paragraph."


@pytest.fixture
def spoken_requests(client):
    """A function that counts what the model that speaks has been asked."""

    def count():
        (model,) = client.get_inference_statistics("tts_utterances").model_stats
        return model.inference_stats.success.count + model.inference_stats.fail.count

    return count


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_a_reading_asked_for_alone_speaks_nothing(server, protocol, spoken_requests):
    module = {"grpc": triton, "http": triton_http}[protocol]
    before = spoken_requests()
    with module.InferenceServerClient(getattr(server, f"{protocol}_url")) as client:
        for model in ("text_to_speech", "tts_tokenizer"):
            inputs = [tensor("text", text(WRITTEN), module)]
            result = client.infer(model, inputs, outputs=[module.InferRequestedOutput("reading")])
            assert result.as_numpy("reading")[0, 0].decode() == READING
            assert result.as_numpy("audio") is None
    assert spoken_requests() == before


def test_a_reading_comes_with_the_audio(infer, spoken_requests):
    before = spoken_requests()
    outputs = infer("text_to_speech", {"seed": 1}, text=text("At 5 km."))
    assert outputs["reading"][0, 0].decode() == "At five kilometers."
    assert outputs["audio_length"][0, 0] > 0
    assert spoken_requests() == before + 1


def test_every_text_of_a_batch_has_its_reading(infer):
    readings = infer("tts_tokenizer", text=text("1", "2\n\n3", "4 kg"))["reading"]
    assert [row[0].decode() for row in readings] == ["one", "two\nthree", "four kilograms"]


def test_a_text_that_would_not_be_spoken_has_no_reading(client):
    with pytest.raises(InferenceServerException, match="at least one letter, digit or sign"):
        client.infer(
            "text_to_speech", [tensor("text", text("..."))], outputs=[triton.InferRequestedOutput("reading")]
        )


def test_the_command_prints_the_reading(server):
    tritone = [sys.executable, "-m", "tritone_client.command", "synthesize", "--url", server.grpc_url]
    done = subprocess.run(
        [*tritone, "--reading", "-"], input=WRITTEN.encode(), capture_output=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout.decode(), done.stderr) == (0, READING + "\n", b"")


def test_text_that_grows_too_long_when_it_is_read_out_is_refused(client):
    with pytest.raises(InferenceServerException, match="expected at most 1800 s of speech, got about 2"):
        client.infer("text_to_speech", [tensor("text", text("1234567890 " * 500))])
