import socket

import pytest

from tritone.errors import PortInUseError
from tritone.server import Ports


def test_free_ports_are_free_and_different():
    ports = Ports.free()
    assert len({ports.http, ports.grpc, ports.metrics}) == 3
    ports.require_free("127.0.0.1")


@pytest.mark.parametrize(
    ("taken", "name"), [("http", "HTTP port"), ("grpc", "gRPC port"), ("metrics", "metrics port")]
)
def test_taken_port_is_named_with_the_remedy(taken, name):
    ports = Ports.free()
    with socket.create_server(("127.0.0.1", getattr(ports, taken))), pytest.raises(PortInUseError) as refused:
        ports.require_free("127.0.0.1")
    assert str(refused.value).startswith(f"{name} {getattr(ports, taken)} on 127.0.0.1")
    assert f"{taken.upper()}_PORT=" in str(refused.value)


def test_same_port_twice_is_refused():
    with pytest.raises(PortInUseError, match="three different"):
        Ports(8000, 8000, 8002).require_free("127.0.0.1")


@pytest.mark.parametrize("port", [-1, 0, 65_536])
def test_port_that_does_not_exist_is_refused(port):
    with pytest.raises(PortInUseError, match=f"gRPC port: expected 1 to 65535, got {port}"):
        Ports(8000, port, 8002).require_free("127.0.0.1")
