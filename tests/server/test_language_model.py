"""The decoder's search on the real server: its request parameters through the pipelines, its files."""

import json
import shutil
from contextlib import contextmanager

import numpy as np
import pytest
import soundfile
import tritonclient.http as triton_http
from tritonclient.utils import InferenceServerException
from tritone_client import Client, InvalidRequestError

from tritone.errors import StartupError
from tritone.server import Ports, ServerOptions, TritonServer
from tritone.server.options import REPOSITORIES

from .conftest import RECORDINGS, batch, tensor, text

RECORDING = RECORDINGS / "prison_slt.flac"
FIRST = "the poor debtors were not supplied with"


@pytest.fixture(scope="module")
def samples():
    return soundfile.read(RECORDING, dtype="float32")[0]


def test_the_language_model_is_used_unless_a_request_wants_greedy(infer, samples):
    found, greedy = (
        infer("speech_to_text", sent, **batch(samples)) for sent in (None, {"decoder": "greedy"})
    )
    transcript, plain = (outputs["transcript"][0, 0].decode() for outputs in (found, greedy))
    assert transcript.startswith(FIRST)
    assert not plain.startswith(FIRST)  # greedy hears it otherwise
    assert [word.decode() for word in found["word"][0]] == transcript.split()
    assert (np.diff(found["word_start_s"][0]) > 0).all()


def test_files_get_what_samples_get(infer, samples):
    parameters = {"alternatives": 3}
    file = infer("audio_to_text", parameters, audio_bytes=text(RECORDING.read_bytes()))
    found = infer("speech_to_text", parameters, **batch(samples))
    for name in ("transcript", "alternative", "alternative_score"):
        assert file[name].tolist() == found[name].tolist()


def test_alternatives_are_as_many_as_asked_for_and_the_first_is_the_transcript(infer, samples):
    outputs = infer("speech_to_text", {"alternatives": 4}, **batch(samples))
    texts, scores = outputs["alternative"][0], outputs["alternative_score"][0]
    assert len(set(texts)) == len(texts) == len(scores) == 4
    assert texts[0] == outputs["transcript"][0, 0]
    assert (np.diff(scores) <= 0).all()
    assert infer("speech_to_text", **batch(samples))["alternative"].shape == (1, 0)


def test_rows_of_a_batch_get_what_they_get_alone(infer, samples):
    rows = (samples, samples[:40_000])
    parameters = {"alternatives": 2, "boost": json.dumps({"zanzibar": 3})}
    together = infer("speech_to_text", parameters, **batch(*rows))
    for index, row in enumerate(rows):
        alone = infer("speech_to_text", parameters, **batch(row))
        assert together["transcript"][index, 0] == alone["transcript"][0, 0]
        assert together["alternative"][index].tolist() == alone["alternative"][0].tolist()


def test_a_boosted_phrase_that_the_language_model_has_never_seen_is_recognised(infer, samples):
    plain = infer("speech_to_text", **batch(samples))["transcript"][0, 0].decode()
    assert "debters" not in plain
    boosted = infer("speech_to_text", {"boost": '{"Poor debters": 15}'}, **batch(samples))
    assert boosted["transcript"][0, 0].decode().startswith("the poor debters were")


@pytest.mark.parametrize("model", ["speech_to_text", "audio_to_text"])
@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"decoder": "viterbi"}, "parameter decoder: expected one of beam, greedy, got 'viterbi'"),
        ({"boost": "debtors=8"}, "parameter boost: expected a JSON object"),
        ({"boost": '{"debtors": 21}'}, "phrase 1: expected a weight from -20 to 20, got 21"),
        ({"boost": json.dumps(dict.fromkeys(map(str, range(10_000)), 1))}, "at most 500 phrases, got 10000"),
        ({"boost": '{"42": 5}'}, "expected characters that the model writes, got '4'"),
        ({"boost": '{"beds": 5}', "decoder": "greedy"}, "parameter boost: expected decoder beam, got greedy"),
        ({"alternatives": 11}, "parameter alternatives: expected a whole number from 0 to 10, got 11"),
    ],
)
def test_a_parameter_that_breaks_a_rule_is_an_error_of_the_caller(infer, samples, model, parameters, says):
    sent = batch(samples) if model == "speech_to_text" else {"audio_bytes": text(RECORDING.read_bytes())}
    with pytest.raises(InferenceServerException) as rejected:
        infer(model, parameters, **sent)
    assert rejected.value.status() == "StatusCode.INVALID_ARGUMENT"
    assert says in str(rejected.value)


def test_http_takes_the_same_parameters(server, samples):
    with triton_http.InferenceServerClient(server.http_url) as client:
        inputs = [tensor(name, array, triton_http) for name, array in batch(samples).items()]
        parameters = {"boost": '{"poor debters": 15}', "alternatives": 2}
        result = client.infer("speech_to_text", inputs, parameters=parameters)
    assert result.as_numpy("alternative").shape == (1, 2)
    assert b"poor debters" in result.as_numpy("transcript")[0, 0]


def test_the_client_takes_them_too(server):
    with Client(server.grpc_url) as client:
        found = client.transcribe(RECORDING, boost={"poor debters": 15}, alternatives=2)
        assert found.transcript.startswith("the poor debters")
        assert found.alternatives[0].transcript == found.transcript
        with pytest.raises(InvalidRequestError, match="got '7'"):
            client.transcribe(RECORDING, boost={"7": 1})


@contextmanager
def served(folder, change):
    """Serve the recogniser after a change of the decoder's version folder."""
    models = shutil.copytree(
        REPOSITORIES[0], folder / "models", ignore=shutil.ignore_patterns("tts_*", "punct*")
    )
    change(models / "asr_ctc_decoder/1")
    options = ServerOptions(repositories=[models], ports=Ports.free())
    with TritonServer(options, log=folder / "log") as running, Client(running.grpc_url):
        yield running


def test_without_a_language_model_greedy_is_the_default_and_searching_is_still_possible(
    tmp_path, infer, samples
):
    parts = infer("asr_windows", **batch(samples))
    parts["audio_length"] = np.array([[samples.size]])
    with_model = infer("asr_ctc_decoder", {"decoder": "greedy"}, **parts)["transcript"]

    def remove(folder):
        (folder / "words.arpa.xz").unlink()

    import tritonclient.grpc as triton

    with served(tmp_path, remove) as running, triton.InferenceServerClient(running.grpc_url) as client:
        inputs = [tensor(name, array) for name, array in parts.items()]
        plain = client.infer("asr_ctc_decoder", inputs).as_numpy("transcript")
        several = client.infer("asr_ctc_decoder", inputs, parameters={"alternatives": 3})
        assert plain.tolist() == with_model.tolist()
        assert several.as_numpy("alternative").shape == (1, 3)


def test_a_broken_language_model_is_not_served_and_the_log_says_why(tmp_path):
    def cut(folder):
        path = folder / "words.arpa.xz"
        path.write_bytes(path.read_bytes()[:100_000])

    with pytest.raises(StartupError), served(tmp_path, cut):
        pass
    assert "words.arpa.xz: expected a language model" in (tmp_path / "log").read_text(errors="replace")
