"""Records of releases for the tests."""

from dataclasses import replace

from deploy.state import Release
from tritone.server import Ports


def a_release(name="a", **changes):
    ports = Ports(18000, 18001, 18002)
    return replace(Release(name, "abc", "0.1.0", "", "", "process", None, ports), **changes)
