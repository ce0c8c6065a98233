"""The download of published checkpoints, against a real HTTP server on this machine."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from export import download as transfer
from export.fetch import PUBLISHED, main

NAME = "stt_en_quartznet15x5"


def archive(seed: int = 0, size: int = 300_000) -> bytes:
    """A tar archive of incompressible bytes, as a .nemo file is one."""
    stream = io.BytesIO()
    content = hashlib.shake_256(bytes([seed])).digest(size)
    with tarfile.open(fileobj=stream, mode="w") as tar:
        member = tarfile.TarInfo("model_weights.ckpt")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()


@dataclass
class Mirror:
    """The server's files and its faults."""

    body: bytes = field(default_factory=archive)
    etag: str | None = '"1"'
    ranges: bool = True  # answers Range with 206
    cut_after: list[int] = field(default_factory=list)  # bytes sent before the next connections drop
    statuses: list[int] = field(default_factory=list)  # errors answered before anything else
    requests: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    url: str = ""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


class Handler(BaseHTTPRequestHandler):
    mirror: Mirror

    def do_GET(self) -> None:
        mirror = self.mirror
        mirror.requests.append(dict(self.headers))
        mirror.paths.append(self.path)
        if mirror.statuses:
            self.send_error(mirror.statuses.pop(0))
            return
        start, asked = 0, self.headers.get("Range")
        current = self.headers.get("If-Range") in (None, mirror.etag)
        if asked and mirror.ranges and current:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(mirror.body):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(mirror.body)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(mirror.body) - 1}/{len(mirror.body)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(mirror.body) - start))
        if mirror.etag:
            self.send_header("ETag", mirror.etag)
        self.end_headers()
        rest = mirror.body[start:]
        self.wfile.write(rest[: mirror.cut_after.pop(0)] if mirror.cut_after else rest)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def mirror(monkeypatch):
    held = Mirror()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("MirrorHandler", (Handler,), {"mirror": held}))
    held.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(transfer, "FIRST_WAIT_S", 0.001)
    yield held
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def fetch(mirror, tmp_path):
    def run(*arguments: str, name: str = NAME) -> int:
        return main([name, "--directory", str(tmp_path), "--base-url", mirror.url, *arguments])

    return run


def test_checkpoint_arrives_whole_and_its_sum_is_recorded(fetch, mirror, tmp_path, capsys):
    assert fetch() == 0
    assert (tmp_path / f"{NAME}.nemo").read_bytes() == mirror.body
    lock = json.loads((tmp_path / "checkpoints.lock.json").read_text())
    assert lock == {NAME: {"sha256": mirror.sha256, "bytes": len(mirror.body)}}
    assert mirror.paths == [f"/{PUBLISHED[NAME]}"]
    output = capsys.readouterr()
    assert output.out.strip() == str(tmp_path / f"{NAME}.nemo")
    assert mirror.sha256 in output.err
    assert "\r" not in output.err, "no progress bar away from a terminal"
    assert sorted(os.listdir(tmp_path)) == ["checkpoints.lock.json", f"{NAME}.nemo"]


def test_interrupted_download_resumes_where_it_stopped(fetch, mirror, tmp_path):
    mirror.cut_after = [100_000, 50_000]
    assert fetch() == 0
    assert (tmp_path / f"{NAME}.nemo").read_bytes() == mirror.body
    assert [request.get("Range") for request in mirror.requests] == [None, "bytes=100000-", "bytes=150000-"]
    assert mirror.requests[1]["If-Range"] == '"1"'


def test_next_call_continues_a_download_that_was_given_up(fetch, mirror, tmp_path, capsys):
    mirror.cut_after = [1000]
    mirror.statuses = []
    mirror.cut_after += [0] * transfer.ATTEMPTS
    assert fetch() == 1
    assert "1000 bytes are kept" in capsys.readouterr().err
    assert (tmp_path / f"{NAME}.nemo.part").stat().st_size == 1000
    assert not (tmp_path / f"{NAME}.nemo").exists()
    assert fetch() == 0
    assert mirror.requests[-1]["Range"] == "bytes=1000-"
    assert (tmp_path / f"{NAME}.nemo").read_bytes() == mirror.body


def test_server_without_ranges_makes_the_download_start_over(fetch, mirror, tmp_path):
    mirror.ranges = False
    mirror.cut_after = [100_000]
    assert fetch() == 0
    assert (tmp_path / f"{NAME}.nemo").read_bytes() == mirror.body


def test_changed_file_is_not_joined_to_the_old_beginning(fetch, mirror, tmp_path):
    (tmp_path / f"{NAME}.nemo.part").write_bytes(archive(seed=9)[:5000])
    (tmp_path / f"{NAME}.nemo.part.etag").write_text('"0"')
    assert fetch() == 0
    assert (tmp_path / f"{NAME}.nemo").read_bytes() == mirror.body


def test_complete_part_needs_no_second_download(fetch, mirror, tmp_path):
    (tmp_path / f"{NAME}.nemo.part").write_bytes(mirror.body)
    assert fetch() == 0
    assert (tmp_path / f"{NAME}.nemo").read_bytes() == mirror.body


def test_part_longer_than_the_file_is_discarded(fetch, mirror, tmp_path):
    (tmp_path / f"{NAME}.nemo.part").write_bytes(mirror.body + b"x")
    assert fetch() == 0
    assert (tmp_path / f"{NAME}.nemo").read_bytes() == mirror.body


def test_transient_server_errors_are_retried(fetch, mirror):
    mirror.statuses = [503, 429, 500]
    assert fetch() == 0
    assert len(mirror.requests) == 4


def test_missing_file_fails_at_once_with_the_address(fetch, mirror, capsys):
    mirror.statuses = [404] * 9
    assert fetch() == 1
    message = capsys.readouterr().err
    assert "HTTP 404" in message
    assert PUBLISHED[NAME] in message
    assert len(mirror.requests) == 1


def test_unreachable_server_is_reported(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(transfer, "FIRST_WAIT_S", 0.001)
    assert main([NAME, "--directory", str(tmp_path), "--base-url", "http://127.0.0.1:9"]) == 1
    assert "gave up" in capsys.readouterr().err


def test_file_other_than_the_first_downloaded_is_rejected(fetch, mirror, tmp_path, capsys):
    assert fetch() == 0
    first = mirror.sha256
    (tmp_path / f"{NAME}.nemo").unlink()
    mirror.body = archive(seed=1)
    assert fetch() == 1
    message = capsys.readouterr().err
    assert first in message
    assert mirror.sha256 in message
    assert not list(tmp_path.glob("*.nemo*")), "neither file nor part stays"


def test_pinned_sum_is_required(fetch, mirror, tmp_path):
    assert fetch("--sha256", f"{NAME}={'0' * 64}") == 1
    assert not (tmp_path / f"{NAME}.nemo").exists()
    assert fetch("--sha256", f"{NAME}={mirror.sha256.upper()}") == 0


def test_file_already_there_is_checked_not_fetched(fetch, mirror, tmp_path, capsys):
    assert fetch() == 0
    assert fetch() == 0
    assert len(mirror.requests) == 1
    (tmp_path / f"{NAME}.nemo").write_bytes(b"damaged")
    assert fetch() == 1
    assert "delete it" in capsys.readouterr().err


def test_web_page_in_place_of_a_checkpoint_is_rejected(fetch, mirror, tmp_path, capsys):
    mirror.body = b"<html>please sign in</html>" * 100
    assert fetch() == 1
    assert "not send a .nemo archive" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.nemo*"))


def test_one_failure_does_not_stop_the_others(mirror, tmp_path):
    mirror.statuses = [404]
    names = [NAME, "tts_waveglow_88m"]
    assert main([*names, "--directory", str(tmp_path), "--base-url", mirror.url]) == 1
    assert (tmp_path / "tts_waveglow_88m.nemo").exists()


def test_damaged_lock_is_reported(fetch, tmp_path, capsys):
    (tmp_path / "checkpoints.lock.json").write_text("[]")
    assert fetch() == 1
    assert "lock: expected" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["no_such_model"], ["--sha256", "abc"]])
def test_wrong_usage_is_refused(arguments, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([*arguments, "--directory", str(tmp_path)])
    assert stopped.value.code == 2
    assert NAME in capsys.readouterr().err


def test_progress_bar_shows_on_a_terminal(mirror, tmp_path, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    transfer.download(mirror.url + "/x", Path(tmp_path / "x.part"), label="x")
    assert "100%" in terminal.getvalue()
