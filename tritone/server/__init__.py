"""Run the real Triton server: find, start, supervise and stop it."""

from .options import ServerOptions
from .ports import Ports
from .process import TritonServer

__all__ = ["Ports", "ServerOptions", "TritonServer"]
