"""Run the real Triton server: find it, build its backend directory, start it, watch it, stop it."""

from .options import ServerOptions
from .ports import Ports
from .process import TritonServer

__all__ = ["Ports", "ServerOptions", "TritonServer"]
