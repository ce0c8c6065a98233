"""Records of releases for the tests."""

from dataclasses import replace

from deploy.ports import PortTriple
from deploy.state import Release


def a_release(name="a", **changes):
    ports = PortTriple(18000, 18001, 18002)
    return replace(Release(name, "abc", "0.1.0", "", "", "process", None, ports), **changes)
