"""A small server with Triton's protocols, gRPC and HTTP with binary tensors, and injected faults."""

# ruff: noqa: N802 (the protocol names the methods)

from __future__ import annotations

import io
import json
import re
import threading
import time
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import numpy as np
import soundfile
from google.protobuf.json_format import MessageToDict
from tritonclient.grpc import model_config_pb2, service_pb2, service_pb2_grpc
from tritonclient.utils import (
    deserialize_bytes_tensor,
    np_to_triton_dtype,
    serialize_byte_tensor,
    triton_to_np_dtype,
)

from tritone.repository.configs import read_config
from tritone.server.options import REPOSITORIES

from .fake_streams import FakeRecogniser, FakeStream, FakeVoice

MODELS = ("audio_to_text", "speech_to_text", "punctuate", "text_to_speech", "text_to_audio")
STREAMS = ("asr_stream", "text_to_speech_stream")
WORD_S = 0.5
RATE_HZ = 16_000
CONTAINERS = {"wav": ("WAV", None), "flac": ("FLAC", None), "ogg": ("OGG", "OPUS"), "mp3": ("MP3", None)}
HTTP_STATUS = {"INVALID_ARGUMENT": 400, "NOT_FOUND": 404, "UNAVAILABLE": 503, "INTERNAL": 500}


class FaultError(Exception):
    """An error that the server returns."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Behaviour:
    """State and behaviour of the server, shared by both protocols."""

    spoken: dict[bytes, str] = field(default_factory=dict)  # transcript by file content or samples
    recognises_anything: bool = False  # as silence
    faults: deque[FaultError] = field(default_factory=deque)  # answers to the next inference requests
    models: dict[str, bool] = field(
        default_factory=lambda: dict.fromkeys((*MODELS, *STREAMS), True)  # readiness by name
    )
    stream_faults: dict[int, FaultError] = field(default_factory=dict)  # by number of the request, from 0
    stream_hangs: bool = False  # streams get no response
    streams: list[FakeStream] = field(default_factory=list)  # all that were opened
    answer_after_s: dict[str, float] = field(default_factory=dict)  # by transcript, or by text to speak
    answered: Counter[str] = field(default_factory=Counter)  # requests by model
    requested: list[list[str]] = field(default_factory=list)  # requested outputs of all inference requests
    asked: list[str] = field(default_factory=list)  # models of all inference requests
    parameters: list[dict[str, object]] = field(default_factory=list)  # of all inference requests
    queue_s: list[float] = field(default_factory=list)  # queue timeout of each
    in_flight: int = 0
    most_in_flight: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def ready(self) -> bool:
        return all(self.models.values())

    def infer(
        self,
        model: str,
        inputs: dict[str, np.ndarray],
        parameters: dict[str, object],
        requested: list[str],
    ) -> dict[str, np.ndarray]:
        with self.lock:
            self.asked.append(model)
            self.requested.append(requested)
            self.queue_s.append(float(parameters.pop("timeout", 0)) / 1e6)  # which Triton handles itself
            self.parameters.append(parameters)
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            fault = self.faults.popleft() if self.faults else None
        try:
            if not self.models.get(model):
                state = "has no available versions" if model in self.models else "is not found"
                raise FaultError("NOT_FOUND", f"Request for unknown model: '{model}' {state}")
            if fault:
                raise fault
            outputs = getattr(self, f"_{model}")(**inputs)
            if count := int(parameters.get("alternatives", 0)):
                outputs |= _alternatives(outputs["transcript"][0, 0], count)
            self.answered[model] += 1
            return {name: outputs[name] for name in requested or outputs}
        finally:
            with self.lock:
                self.in_flight -= 1

    def _audio_to_text(self, audio_bytes: np.ndarray) -> dict[str, np.ndarray]:
        content = audio_bytes[0, 0]
        outputs = self._recognise(content)
        with io.BytesIO(content) as file:
            length_s = soundfile.info(file).duration if content else 0.0
        return {**outputs, "duration_s": np.array([[length_s]], np.float32)}

    def _speech_to_text(self, audio: np.ndarray, audio_length: np.ndarray) -> dict[str, np.ndarray]:
        assert audio.dtype == np.float32
        assert audio_length.tolist() == [[audio.shape[1]]]
        return self._recognise(audio.tobytes())

    def _punctuate(self, transcript: np.ndarray) -> dict[str, np.ndarray]:
        return {"text": _strings([punctuated(transcript[0, 0].decode())])}

    def _text_to_speech(self, text: np.ndarray) -> dict[str, np.ndarray]:
        samples = self._speak(text[0, 0].decode())
        padded = np.pad(samples, (0, 500))  # as in a batch with a longer neighbour
        return {
            "audio": padded[np.newaxis],
            "audio_length": np.array([[samples.size]], np.int64),
            "sample_rate_hz": np.array([[RATE_HZ]], np.int32),
            "reading": _strings([text[0, 0].decode().upper()]),
        }

    def _text_to_audio(self, text: np.ndarray, format: np.ndarray) -> dict[str, np.ndarray]:
        content = encoded(self._speak(text[0, 0].decode()), format[0, 0].decode())
        return {"audio_bytes": np.array([[content]], dtype=np.object_)}

    def _speak(self, text: str) -> np.ndarray:
        if not any(map(str.isalnum, text)):
            refusal = "in ensemble 'text_to_speech', text: expected a word, got none."
            raise FaultError("INVALID_ARGUMENT", refusal)
        time.sleep(self.answer_after_s.get(text, 0))
        return tone(text)

    def _recognise(self, content: bytes) -> dict[str, np.ndarray]:
        if self.recognises_anything:
            self.spoken.setdefault(content, "")
        if content not in self.spoken:
            refusal = "in ensemble 'audio_to_text', audio_bytes: expected audio, got text."
            raise FaultError("INVALID_ARGUMENT", refusal)
        transcript = self.spoken[content]
        time.sleep(self.answer_after_s.get(transcript, 0))
        words = transcript.split()
        starts = np.arange(len(words) + 2, dtype=np.float32) * np.float32(WORD_S)
        written, first, last = figures(words)
        return {
            "written_text": _strings([" ".join(written)]),
            "written_word": _strings([*written, ""]),
            "written_word_start_s": starts[np.newaxis, [*first, -1]],
            "written_word_end_s": starts[np.newaxis, [*last, -1]] + np.float32(0.4),
            "written_word_confidence": np.full((1, len(written) + 1), 0.5, np.float32),
            "transcript": _strings([transcript]),
            "text": _strings([punctuated(transcript)]),
            "word": _strings([*words, "", ""]),  # padded, as in a batch with a longer neighbour
            "word_start_s": starts[np.newaxis],
            "word_end_s": starts[np.newaxis] + np.float32(0.4),
            "word_confidence": np.full((1, len(words) + 2), 0.75, np.float32),
        }


def figures(words: list[str]) -> tuple[list[str], list[int], list[int]]:
    """The server's written words, and the first and last word that each stands for: "two hundred" is 200."""
    written: list[tuple[str, int, int]] = []
    for index, word in enumerate(words):
        if word == "hundred" and written and written[-1][0] == "two":
            written[-1] = ("200", index - 1, index)
        else:
            written.append((word, index, index))
    return (
        [word for word, _, _ in written],
        [first for _, first, _ in written],
        [last for *_, last in written],
    )


def _alternatives(transcript: bytes, count: int) -> dict[str, np.ndarray]:
    texts = [transcript.decode(), *(f"{transcript.decode()} {number}" for number in range(1, count))][:count]
    scores = -np.arange(count, dtype=np.float32)[np.newaxis]
    return {"alternative": _strings(texts).reshape(1, count), "alternative_score": scores}


def punctuated(transcript: str) -> str:
    return f"{transcript.capitalize()}." if transcript else ""


def tone(text: str) -> np.ndarray:
    """The server's speech for a text: a tenth of a second per character."""
    return np.sin(0.05 * np.arange(len(text) * RATE_HZ // 10) * len(text)).astype(np.float32) / 2


def encoded(samples: np.ndarray, format: str) -> bytes:
    if format == "pcm":
        return (samples * 32767).astype("<i2").tobytes()
    container, subtype = CONTAINERS[format]
    with io.BytesIO() as file:
        soundfile.write(file, samples, RATE_HZ, format=container, subtype=subtype)
        return file.getvalue()


def _strings(items: list[str]) -> np.ndarray:
    return np.array([[item.encode() for item in items]], dtype=np.object_)


def _decoded(raw: bytes, datatype: str, shape: list[int]) -> np.ndarray:
    if datatype == "BYTES":
        return deserialize_bytes_tensor(raw).reshape(shape)
    return np.frombuffer(raw, triton_to_np_dtype(datatype)).reshape(shape)


def _encoded(array: np.ndarray) -> bytes:
    if array.dtype != np.object_:
        return array.tobytes()
    return serialize_byte_tensor(array).item() if array.size else b""


class GrpcServer(AbstractContextManager["GrpcServer"]):
    """The gRPC endpoint; listens while the context is entered."""

    def __init__(self, behaviour: Behaviour, port: int = 0) -> None:
        options = [("grpc.max_receive_message_length", -1), ("grpc.so_reuseport", 0)]
        self._server = grpc.server(ThreadPoolExecutor(32), options=options)
        service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(_Servicer(behaviour), self._server)
        self.url = f"localhost:{self._server.add_insecure_port(f'127.0.0.1:{port}')}"

    def __enter__(self) -> GrpcServer:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(grace=None).wait()


class _Servicer(service_pb2_grpc.GRPCInferenceServiceServicer):
    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour

    def ServerLive(self, request, context):
        return service_pb2.ServerLiveResponse(live=True)

    def ServerReady(self, request, context):
        return service_pb2.ServerReadyResponse(ready=self._behaviour.ready)

    def ModelReady(self, request, context):
        return service_pb2.ModelReadyResponse(ready=self._behaviour.models.get(request.name, False))

    def ServerMetadata(self, request, context):
        return service_pb2.ServerMetadataResponse(name="triton", version="2.51.0")

    def ModelMetadata(self, request, context):
        return service_pb2.ModelMetadataResponse(name=request.name, versions=["1"])

    def ModelStatistics(self, request, context):
        response = service_pb2.ModelStatisticsResponse()
        for name in [request.name] if request.name else self._behaviour.models:
            statistics = response.model_stats.add(name=name, version="1")
            statistics.inference_stats.success.count = self._behaviour.answered[name]
        return response

    def ModelConfig(self, request, context):
        return service_pb2.ModelConfigResponse(config=committed_config(request.name))

    def ModelInfer(self, request, context):
        inputs, parameters = _contents(request)
        try:
            outputs = self._behaviour.infer(
                request.model_name, inputs, parameters, [output.name for output in request.outputs]
            )
        except FaultError as fault:
            context.abort(grpc.StatusCode[fault.status], str(fault))
        return _response(request.model_name, outputs)

    def ModelStreamInfer(self, requests, context):
        stream = FakeStream(dict(context.invocation_metadata()))
        self._behaviour.streams.append(stream)
        context.add_callback(stream.closed.set)
        answering = {"asr_stream": FakeRecogniser(), "text_to_speech_stream": FakeVoice(tone)}
        for number, request in enumerate(requests):
            inputs, parameters = _contents(request)
            stream.requests.append((request.model_name, inputs, parameters))
            fault = self._behaviour.stream_faults.pop(number, None)
            if not self._behaviour.models.get(request.model_name):  # for which Triton has no status here
                unknown = f"Request for unknown model: '{request.model_name}' is not found"
                yield service_pb2.ModelStreamInferResponse(error_message=unknown)
                return
            if fault:
                yield service_pb2.ModelStreamInferResponse(error_message=str(fault))
                continue
            if self._behaviour.stream_hangs:
                stream.closed.wait(30)
                return
            for outputs, last in answering[request.model_name].answers(inputs, parameters):
                response = _response(request.model_name, outputs)
                response.parameters["triton_final_response"].bool_param = last
                stream.responses += 1
                yield service_pb2.ModelStreamInferResponse(infer_response=response)
        stream.ended.set()  # a cancellation raises an exception before this


def _contents(request) -> tuple[dict[str, np.ndarray], dict[str, object]]:
    inputs = {
        tensor.name: _decoded(raw, tensor.datatype, list(tensor.shape))
        for tensor, raw in zip(request.inputs, request.raw_input_contents, strict=True)
    }
    parameters = {
        name: getattr(value, value.WhichOneof("parameter_choice"))
        for name, value in request.parameters.items()
    }
    return inputs, parameters


def _response(model: str, outputs: dict[str, np.ndarray]):
    response = service_pb2.ModelInferResponse(model_name=model, model_version="1")
    for name, array in outputs.items():
        response.outputs.add(name=name, datatype=np_to_triton_dtype(array.dtype), shape=array.shape)
        response.raw_output_contents.append(_encoded(array))
    return response


def committed_config(model: str) -> model_config_pb2.ModelConfig:
    """The config of a bundled model or pipeline."""
    (path,) = (root / model / "config.pbtxt" for root in REPOSITORIES if (root / model).exists())
    return read_config(path)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """Ignore clients that disconnect, as they do at a deadline."""


class HttpServer(AbstractContextManager["HttpServer"]):
    """The HTTP endpoint; listens while the context is entered."""

    def __init__(self, behaviour: Behaviour, port: int = 0) -> None:
        handler = type("Handler", (_Handler,), {"behaviour": behaviour})
        self._server = _Listener(("127.0.0.1", port), handler, bind_and_activate=False)
        self._server.server_bind()
        self.url = f"localhost:{self._server.server_address[1]}"

    def __enter__(self) -> HttpServer:
        self._server.server_activate()
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    behaviour: Behaviour
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet

    def do_GET(self) -> None:
        model = re.fullmatch(r"/v2/models/(\w+)(/ready)?", self.path)
        if self.path == "/v2/health/live":
            self._reply(200)
        elif self.path == "/v2/health/ready":
            self._reply(200 if self.behaviour.ready else 400)
        elif self.path == "/v2":
            self._reply_json(200, {"name": "triton", "version": "2.51.0"})
        elif counted := re.fullmatch(r"/v2/models/(?:(\w+)/)?stats", self.path):
            entries = [
                {
                    "name": name,
                    "version": "1",
                    "inference_stats": {"success": {"count": self.behaviour.answered[name], "ns": 1}},
                }
                for name in ([counted[1]] if counted[1] else self.behaviour.models)
            ]
            self._reply_json(200, {"model_stats": entries})
        elif configured := re.fullmatch(r"/v2/models/(\w+)/config", self.path):
            config = committed_config(configured[1])
            self._reply_json(200, MessageToDict(config, preserving_proto_field_name=True))
        elif model and model[2]:
            self._reply(200 if self.behaviour.models.get(model[1]) else 400)
        elif model:
            self._reply_json(200, {"name": model[1], "versions": ["1"]})
        else:
            self._reply(404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        header_length = int(self.headers["Inference-Header-Content-Length"])
        header, offset, inputs = json.loads(body[:header_length]), header_length, {}
        for tensor in header["inputs"]:
            end = offset + tensor["parameters"]["binary_data_size"]
            inputs[tensor["name"]] = _decoded(body[offset:end], tensor["datatype"], tensor["shape"])
            offset = end
        parameters = header.get("parameters", {})
        parameters.pop("binary_data_output", None)
        try:
            requested = [output["name"] for output in header.get("outputs", [])]
            outputs = self.behaviour.infer(self.path.split("/")[3], inputs, parameters, requested)
        except FaultError as fault:
            self._reply_json(HTTP_STATUS[fault.status], {"error": str(fault)})
            return
        contents = [_encoded(array) for array in outputs.values()]
        head = {
            "model_name": "fake",
            "outputs": [
                {
                    "name": name,
                    "datatype": np_to_triton_dtype(array.dtype),
                    "shape": list(array.shape),
                    "parameters": {"binary_data_size": len(content)},
                }
                for (name, array), content in zip(outputs.items(), contents, strict=True)
            ],
        }
        encoded = json.dumps(head).encode()
        self._reply(
            200, b"".join([encoded, *contents]), {"Inference-Header-Content-Length": str(len(encoded))}
        )

    def _reply_json(self, status: int, content: dict[str, object]) -> None:
        self._reply(status, json.dumps(content).encode())

    def _reply(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
