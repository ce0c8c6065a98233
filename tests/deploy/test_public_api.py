"""What the proxy of a node with real servers lets through, and what it refuses."""

from __future__ import annotations

import grpc
import numpy as np
import pytest
import tritonclient.grpc as triton_grpc
import tritonclient.http as triton_http
from tritonclient.utils import InferenceServerException
from tritone_client import Client, InvalidRequestError

from tritone.contract import PIPELINES

COMPOSING = ("asr_windows", "punctuation_bert", "punctuation_windows", "tts_waveglow")


@pytest.fixture(params=["grpc", "http"])
def client(request, served):
    protocol = triton_grpc if request.param == "grpc" else triton_http
    port = served.ports.grpc if request.param == "grpc" else served.ports.http
    with protocol.InferenceServerClient(f"127.0.0.1:{port}") as connected:
        yield connected


def refused(call, *arguments, **options):
    """Return the proxy's message."""
    with pytest.raises(InferenceServerException) as caught:
        call(*arguments, **options)
    message = str(caught.value)
    assert "proxy: expected health, metadata, statistics or inference of a public pipeline" in message
    assert "PERMISSION_DENIED" in message or "403" in message
    return message


def texts(client, name, value=b"how are you"):
    made = (triton_grpc if isinstance(client, triton_grpc.InferenceServerClient) else triton_http).InferInput(
        name, [1, 1], "BYTES"
    )
    made.set_data_from_numpy(np.array([[value]], dtype=object))
    return made


def test_pipelines_answer(client):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.get_server_metadata()
    for pipeline in PIPELINES:
        assert client.is_model_ready(pipeline.name)
        assert client.get_model_metadata(pipeline.name)
        assert client.get_inference_statistics(pipeline.name)
    answer = client.infer("punctuate", [texts(client, "transcript")], model_version="1")
    assert answer.as_numpy("text")[0, 0]


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_pipelines_can_be_probed(served, protocol):
    port = getattr(served.ports, protocol)
    with Client(f"127.0.0.1:{port}", protocol=protocol) as client:
        assert client.probe().ok


@pytest.mark.parametrize("model", COMPOSING)
def test_models_inside_pipelines_are_refused(client, model):
    refused(client.infer, model, [texts(client, "transcript")])
    refused(client.get_model_metadata, model)
    refused(client.get_inference_statistics, model)


def test_canary_that_is_not_served_is_refused_by_triton(client):
    with pytest.raises(InferenceServerException) as caught:
        client.infer("punctuate_canary", [texts(client, "transcript")])
    assert "proxy" not in str(caught.value)
    assert "punctuate_canary" in str(caught.value)


def test_control_is_refused(client):
    refused(client.get_inference_statistics)
    refused(client.get_model_config, "punctuate")
    refused(client.get_model_repository_index)
    refused(client.load_model, "punctuate")
    refused(client.unload_model, "punctuate")
    refused(client.get_trace_settings)
    refused(client.update_log_settings, {"log_verbose_level": 1})
    refused(client.get_system_shared_memory_status)
    refused(client.register_system_shared_memory, "region", "/region", 8)
    refused(client.unregister_system_shared_memory)
    refused(client.get_cuda_shared_memory_status)


def test_stream_ends_at_the_first_message_for_another_model(served):
    answers = []
    with triton_grpc.InferenceServerClient(f"127.0.0.1:{served.ports.grpc}") as client:
        client.start_stream(lambda result, error: answers.append(error or result))
        for model in ("punctuate", "punctuation_windows", "punctuate"):
            client.async_stream_infer(model, [texts(client, "transcript")])
        client.stop_stream()
    *served_before, last = answers
    assert len(served_before) <= 1  # it is answered, or ends with the stream
    assert isinstance(last, InferenceServerException)
    assert "proxy: expected health" in str(last)


def test_request_above_the_limit_is_an_invalid_request(served, tmp_path):
    large = tmp_path / "large.wav"
    large.write_bytes(b"RIFF")
    with large.open("r+b") as file:
        file.truncate((256 << 20) + 1)
    for protocol in ("grpc", "http"):
        with Client(f"127.0.0.1:{getattr(served.ports, protocol)}", protocol=protocol) as client:
            with pytest.raises(InvalidRequestError, match=r"proxy: expected a (message|body) of "):
                client.transcribe(large)
            assert client.punctuate("how are you")


def test_refused_requests_do_not_harm_the_server(served):
    """Triton receives a broken message for each request that the proxy refuses."""
    with grpc.insecure_channel(f"127.0.0.1:{served.ports.grpc}") as channel:
        infer = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
        for _ in range(300):
            with pytest.raises(grpc.RpcError) as caught:
                infer(b"\x0a\x0basr_windows", timeout=20)
            assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert served.running() == [served.current]
    with Client(f"127.0.0.1:{served.ports.grpc}") as client:
        assert client.probe().ok
