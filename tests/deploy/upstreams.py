"""Servers that record what reaches them: model names over gRPC, requests over HTTP."""

from __future__ import annotations

import threading
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
from tritonclient.grpc import service_pb2

UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
SERVICE = "/inference.GRPCInferenceService/"


class GrpcUpstream(grpc.GenericRpcHandler):
    """Answers every call of the inference service, and records its model."""

    def __init__(self):
        self.seen = []
        self._server = grpc.server(futures.ThreadPoolExecutor(8), options=UNLIMITED)
        self._server.add_generic_rpc_handlers((self,))
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def stop(self):
        self._server.stop(None).wait()

    def service(self, handler_call_details):
        method = handler_call_details.method.rpartition("/")[2]
        if method == "ModelStreamInfer":
            return grpc.stream_stream_rpc_method_handler(self._stream)
        return grpc.unary_unary_rpc_method_handler(lambda request, _: self._answer(method, request))

    def _answer(self, method, request):
        if method == "ModelInfer":
            return self._infer(request).SerializeToString()
        # Like inference requests, those about one model have its name in field 1; others are empty.
        self.seen.append(service_pb2.ModelReadyRequest.FromString(request).name or method)
        return b""

    def _infer(self, request):
        read = service_pb2.ModelInferRequest.FromString(request)
        self.seen.append(read.model_name)
        return service_pb2.ModelInferResponse(model_name=read.model_name, id=read.id)

    def _stream(self, requests, _):
        for request in requests:
            answer = service_pb2.ModelStreamInferResponse(infer_response=self._infer(request))
            yield answer.SerializeToString()


class HttpUpstream:
    """Answers every request with 200, and records method, path and length of the body."""

    def __init__(self):
        self.seen = seen = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                seen.append((self.command, self.path, len(body)))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
