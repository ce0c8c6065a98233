"""A gRPC call written frame by frame, in ways that gRPC libraries do not allow."""

from __future__ import annotations

import socket
import struct

_DATA, _HEADERS, _RESET, _SETTINGS = 0x0, 0x1, 0x3, 0x4
_END_STREAM, _END_HEADERS, _ACK = 0x1, 0x4, 0x1


def call(port, path, pieces, headers=()):
    """Send a call with one DATA frame for each piece of its body, and wait for the response."""
    fields = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "test")]
    fields += [("te", "trailers"), ("content-type", "application/grpc"), *headers]
    block = b"".join(_literal(name, value) for name, value in fields)
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        start = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(_SETTINGS, 0, 0, b"")
        connection.sendall(start + _frame(_HEADERS, _END_HEADERS, 1, block))
        for piece in pieces:
            connection.sendall(_frame(_DATA, 0, 1, piece))
        connection.sendall(_frame(_DATA, _END_STREAM, 1, b""))
        _wait_for_the_end(connection)


def _wait_for_the_end(connection):
    while (head := _exactly(connection, 9)) is not None:
        length, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
        stream = int.from_bytes(head[5:], "big")
        _exactly(connection, length)
        if kind == _SETTINGS and not flags & _ACK:
            connection.sendall(_frame(_SETTINGS, _ACK, 0, b""))
        if stream == 1 and (kind == _RESET or (kind in (_DATA, _HEADERS) and flags & _END_STREAM)):
            return


def _exactly(connection, count):
    found = b""
    while len(found) < count:
        more = connection.recv(count - len(found))
        if not more:
            return None
        found += more
    return found


def _frame(kind, flags, stream, payload):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def _literal(name, value):
    """Encode a header field for HPACK: a literal with a new name, not indexed, not compressed."""
    return b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()
