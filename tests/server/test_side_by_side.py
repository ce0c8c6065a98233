"""A second recogniser beside the first one, with models, pipelines and a decoder of its own."""

import json
import shutil
import threading

import onnx
import pytest
import tritonclient.grpc as triton
from tritone_client import Client, ModelNotFoundError, ServerNotReadyError

from export.graph_file import save_graph
from export.model_set import ModelSet, without_punctuation
from tritone.repository import removal
from tritone.repository.checks import check_repositories
from tritone.server import Ports, ServerOptions, TritonServer
from tritone.server.options import REPOSITORIES

from .conftest import ROOT, tensor, text
from .streams import finals, pieces, run

MODELS = ("asr_features", "asr_quartznet", "asr_windows", "asr_ctc_decoder", "asr_stream")
LEFT_OUT = ("tts_*", "text_to_*", "format_*", "*encoder")  # the voice
KEY = "only-for-this-test"
DIGITS = ROOT / "demo/recordings/digits_us_f2.flac"
RECORDING = ROOT / "demo/recordings/prison_slt.flac"


@pytest.fixture(scope="module")
def repositories(tmp_path_factory):
    """Copies of both repositories with the bundled recogniser once more, in capitals and with a data file."""
    folder = tmp_path_factory.mktemp("repositories")
    copies = [folder / path.name for path in REPOSITORIES]
    for path, copy in zip(REPOSITORIES, copies, strict=True):
        shutil.copytree(path, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
    made = ModelSet(*copies, {model: f"{model}_second" for model in MODELS}, "_second").create()
    assert len(made) == len(MODELS) + 2
    for model in MODELS:
        files = [path for path in (copies[0] / model / "1").iterdir() if path.suffix in (".onnx", ".json")]
        for path in files:
            shutil.copyfile(path, copies[0] / f"{model}_second/1" / path.name)
    for graph in sorted((copies[0] / "asr_quartznet_second/1").glob("*.onnx")):
        save_graph(onnx.load(str(graph)), graph, largest=0)
    table = copies[0] / "asr_ctc_decoder_second/1/ctc.json"
    fields = json.loads(table.read_text())
    fields["labels"] = [label.upper() for label in fields["labels"]]
    table.write_text(json.dumps(fields))
    # A third set of pipelines, for a recogniser that writes marks itself.
    ModelSet(*copies, {"asr_ctc_decoder": "asr_ctc_decoder_marks"}, "_marks").create(_without_punctuation)
    shutil.copyfile(copies[0] / "asr_ctc_decoder/1/ctc.json", copies[0] / "asr_ctc_decoder_marks/1/ctc.json")
    return copies


def _without_punctuation(name, config):
    return without_punctuation(config, "punctuation_windows")


@pytest.fixture(scope="module")
def server(repositories):
    options = ServerOptions(ports=Ports.free(), repositories=repositories, admin_key=KEY, exit_timeout_s=3)
    with TritonServer(options) as running:
        yield running


@pytest.fixture(scope="module")
def url(server):
    return server.grpc_url


def test_its_configs_are_in_order(repositories):
    findings = [line for line in check_repositories(repositories) if not line.startswith("contract:")]
    assert findings == []  # the contract has the voice too, which is left out here


def test_its_weights_are_beside_the_graph(repositories):
    assert (repositories[0] / "asr_quartznet_second/1/model.onnx.data").stat().st_size > 1e6


def test_each_caller_gets_the_recogniser_that_it_names(url):
    with Client(url) as first, Client(url, model="second") as second:
        said, again = (client.transcribe(RECORDING, decoder="greedy") for client in (first, second))
    assert again.transcript == said.transcript.upper() != said.transcript
    assert [word.start_s for word in again.words] == [word.start_s for word in said.words]


def test_streams_of_a_set_have_final_texts_of_its_own_pipeline(server, recordings):
    samples = recordings["prison_slt.flac"]
    plain, capitals = (
        finals(run(server, 1, pieces(samples, [5_120]), {"decoder": "greedy"}, model=model))
        for model in ("asr_stream", "asr_stream_second")
    )
    assert [part["transcript"][0] for part in capitals] == [part["transcript"][0].upper() for part in plain]
    assert plain


@pytest.mark.parametrize("output", ["transcript", "text", "written_text", "written_word_end_s"])
def test_a_recogniser_that_writes_marks_has_no_punctuation_step(url, output):
    with triton.InferenceServerClient(url) as client:
        file = tensor("audio_bytes", text(DIGITS.read_bytes()))
        answer = client.infer("audio_to_text_marks", [file], outputs=[triton.InferRequestedOutput(output)])
    value = answer.as_numpy(output)[0]
    expected = {"written_text": b"0252"}.get(output, b"zero two five two")
    assert value == expected if value.dtype == object else value.size == 1


def test_other_pipelines_are_those_of_all(url):
    with Client(url, model="second") as client:
        assert client.punctuate("how are you") == "How are you?"


def test_a_name_that_is_not_served_is_not_found(url):
    with Client(url, model="third") as client, pytest.raises(ModelNotFoundError, match="audio_to_text_third"):
        client.transcribe(RECORDING)


def test_removed_set_is_gone_and_no_other_request_fails(server, repositories, monkeypatch):
    """The last test: it takes the second recogniser away."""
    monkeypatch.setenv("TRITONE_ADMIN_KEY", KEY)
    where = [part for path in repositories for part in ("--model-repository", str(path))]
    calls = {model: Calls(server.grpc_url, model) for model in ("", "second")}
    for call in calls.values():
        call.start()
        call.answered.wait(30)
    assert removal.main(["second", *where, "--server", server.http_url]) == 0
    for call in calls.values():
        call.stop()
    assert set(map(type, calls[""].outcomes)) == {str}
    assert set(map(type, calls["second"].outcomes)) <= {str, ModelNotFoundError, ServerNotReadyError}
    with Client(server.grpc_url, model="second") as second, pytest.raises(ModelNotFoundError):
        second.transcribe(RECORDING)
    assert not [path for root in repositories for path in root.glob("*second*")]


class Calls(threading.Thread):
    """Transcribes again and again, and keeps each transcript or error."""

    def __init__(self, url, model):
        super().__init__()
        self.outcomes = []
        self.answered, self._stopping = threading.Event(), threading.Event()
        self._url, self._model = url, model

    def run(self):
        with Client(self._url, **({"model": self._model} if self._model else {})) as client:
            while not self._stopping.is_set():
                try:
                    self.outcomes.append(client.transcribe(RECORDING).transcript)
                except Exception as error:
                    self.outcomes.append(error)
                self.answered.set()

    def stop(self):
        self._stopping.set()
        self.join()
