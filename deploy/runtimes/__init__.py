"""How a release is run on a node: as processes from wheels, or in containers."""

from .choice import choose_runtime
from .runtime import Runtime, Scripts

__all__ = ["Runtime", "Scripts", "choose_runtime"]
