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

from export import checkpoint_store
from export import download as transfer
from export import fetch as fetching
from export.catalogue import catalogue
from export.errors import ChecksumError
from export.families import families
from export.fetch import main
from export.published import Published

NAME = "stt_en_quartznet15x5"
HUB_NAME = "parakeet-ctc-0.6b"
PUBLISHED = {name: entry.published.path for name, entry in catalogue().items()}


def archive(seed: int = 0, size: int = 300_000, target: str = "EncDecCTCModel", mode: str = "w") -> bytes:
    """A tar archive of incompressible bytes, as a .nemo file is one."""
    stream = io.BytesIO()
    weights = hashlib.shake_256(bytes([seed])).digest(size)
    config = f"target: nemo.collections.asr.models.{target}\n".encode()
    with tarfile.open(fileobj=stream, mode=mode) as tar:
        for name, content in (("model_config.yaml", config), ("model_weights.ckpt", weights)):
            member = tarfile.TarInfo(name)
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
    redirect: dict[str, str] | None = None  # headers of a redirect that comes first
    announced_length: bool = True  # sends Content-Length
    inspections: list[str] = field(default_factory=list)  # paths that were asked for one byte
    requests: list[dict[str, str]] = field(default_factory=list)  # headers of all others
    paths: list[str] = field(default_factory=list)
    url: str = ""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


class Handler(BaseHTTPRequestHandler):
    mirror: Mirror

    def do_GET(self) -> None:
        mirror = self.mirror
        start, asked = 0, self.headers.get("Range")
        if mirror.redirect is not None and not self.path.startswith("/storage/"):
            self.send_response(302)
            for name, value in {**mirror.redirect, "Location": f"/storage{self.path}"}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if asked == "bytes=0-0":
            mirror.inspections.append(self.path)
        else:
            mirror.requests.append(dict(self.headers))
            mirror.paths.append(self.path)
        if mirror.statuses:
            self.send_error(mirror.statuses.pop(0))
            return
        if asked == "bytes=0-0" and mirror.ranges:
            self.send_response(206)
            self.send_header("Content-Range", f"bytes 0-0/{len(mirror.body)}")
            self.send_header("Content-Length", "1")
            self.end_headers()
            self.wfile.write(mirror.body[:1])
            return
        current = self.headers.get("If-Range") in (None, mirror.etag)
        if asked and asked != "bytes=0-0" and mirror.ranges and current:
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
        if mirror.announced_length:
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
        hosts = ["--base-url", mirror.url, "--hub-url", mirror.url]
        return main([name, "--directory", str(tmp_path), *hosts, *arguments])

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
    assert len(mirror.inspections) == 4
    assert len(mirror.requests) == 1


def test_missing_file_fails_at_once_with_the_address(fetch, mirror, capsys):
    mirror.statuses = [404] * 9
    assert fetch() == 1
    message = capsys.readouterr().err
    assert "HTTP 404" in message
    assert PUBLISHED[NAME] in message
    assert len(mirror.inspections) == 1
    assert not mirror.requests


def test_host_that_demands_a_login_is_reported_with_the_remedy(fetch, mirror, capsys):
    mirror.statuses = [403]
    assert fetch() == 1
    assert "download the file in a browser and give its path" in capsys.readouterr().err


def test_interrupted_command_says_how_to_go_on(fetch, tmp_path, monkeypatch, capsys):
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint_store, "download", interrupt)
    assert fetch() == 130
    assert "call again to continue" in capsys.readouterr().err


def test_family_may_declare_only_a_path_on_ngc():
    declared = Published.of("nvidia/nemo/mine/versions/1.0.0/files/mine.nemo")
    assert (
        declared.url()
        == "https://api.ngc.nvidia.com/v2/models/nvidia/nemo/mine/versions/1.0.0/files/mine.nemo"
    )
    assert declared.page == "NGC: nemo/mine 1.0.0"
    assert (declared.size_mb, declared.licence, declared.refused) == (None, "unknown", "")


def test_every_published_name_belongs_to_one_family():
    names = [name for family in families() for name in family.published]
    assert len(names) == len(set(names))
    for name, entry in catalogue().items():
        assert entry.published.url().startswith("https://"), name
        assert entry.published.path.endswith(".nemo"), name


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
    assert "expected a .nemo archive, got something else" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.nemo*"))


def test_one_failure_does_not_stop_the_others(mirror, tmp_path):
    mirror.statuses = [404]
    mirror.body = archive(target="WaveGlowModel")
    names = [NAME, "tts_waveglow_88m"]
    assert main([*names, "--directory", str(tmp_path), "--base-url", mirror.url]) == 1
    assert (tmp_path / "tts_waveglow_88m.nemo").exists()


def test_hugging_face_announces_the_checksum_in_its_redirect(fetch, mirror, tmp_path, capsys):
    mirror.body = archive(target="EncDecCTCModelBPE")
    mirror.redirect = {"X-Linked-Etag": f'"{mirror.sha256}"', "X-Linked-Size": str(len(mirror.body))}
    assert fetch(name=HUB_NAME) == 0
    assert mirror.paths == [f"/storage/{PUBLISHED[HUB_NAME]}"]
    assert (tmp_path / f"{HUB_NAME}.nemo").read_bytes() == mirror.body
    assert "as its host announces it" in capsys.readouterr().err


def test_download_resumes_across_a_redirect(fetch, mirror, tmp_path):
    mirror.redirect = {}
    mirror.cut_after = [100_000]
    assert fetch() == 0
    assert [request.get("Range") for request in mirror.requests] == [None, "bytes=100000-"]
    assert (tmp_path / f"{NAME}.nemo").read_bytes() == mirror.body


@pytest.mark.parametrize(
    ("announced", "message"),
    [
        ({"X-Linked-Etag": f'"{"0" * 64}"'}, "expected SHA-256 000"),
        ({"X-Linked-Size": "7"}, "expected 7 bytes"),
    ],
)
def test_file_other_than_announced_is_discarded(fetch, mirror, tmp_path, capsys, announced, message):
    mirror.redirect = announced
    assert fetch() == 1
    assert message in capsys.readouterr().err
    assert not list(tmp_path.glob("*.nemo*"))


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_archive_that_was_cut_off_is_discarded(fetch, mirror, tmp_path, capsys, mode):
    mirror.body = archive(mode=mode)[:200_000]
    mirror.ranges = mirror.announced_length = False  # nothing but the archive itself tells
    assert fetch() == 1
    assert "archive is not complete" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.nemo*"))


def test_archive_without_a_model_is_discarded(fetch, mirror, tmp_path, capsys):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("readme.txt"))
    mirror.body = stream.getvalue()
    assert fetch() == 1
    assert "model_config.yaml" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.nemo*"))


def test_archive_of_another_class_is_discarded(fetch, mirror, tmp_path, capsys):
    mirror.body = archive(target="FastPitchModel")
    assert fetch() == 1
    assert "expected the class EncDecCTCModel, got FastPitchModel" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.nemo*"))


class Keyboard(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def large(mirror, monkeypatch):
    """The file counts as one that is asked about, small as it is."""
    monkeypatch.setattr(fetching, "ASK_ABOVE_BYTES", 100_000)
    return mirror


def test_large_download_is_refused_without_a_terminal(fetch, large, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert fetch() == 1
    assert "--yes" in capsys.readouterr().err
    assert not large.requests


@pytest.mark.parametrize(("answer", "fetched"), [("y\n", True), ("n\n", False), ("\n", False), ("", False)])
def test_large_download_waits_for_an_answer(fetch, large, tmp_path, monkeypatch, capsys, answer, fetched):
    monkeypatch.setattr("sys.stdin", Keyboard(answer))
    assert fetch() == (0 if fetched else 1)
    assert (tmp_path / f"{NAME}.nemo").exists() is fetched
    assert bool(large.requests) is fetched
    assert "Download 0.3" not in capsys.readouterr().out, "the question is not part of the output"


def test_yes_answers_the_question(fetch, large):
    assert fetch("--yes") == 0


def test_only_what_is_missing_is_asked_about(fetch, large, tmp_path):
    (tmp_path / f"{NAME}.nemo.part").write_bytes(large.body[:250_000])
    assert fetch() == 0


def test_full_disk_is_found_before_the_download(fetch, mirror, monkeypatch, capsys):
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda _: usage)
    assert fetch() == 1
    message = capsys.readouterr().err
    assert "disk: expected" in message
    assert "got 0.001 MB" in message
    assert not mirror.requests


def test_disk_that_fills_up_is_reported(fetch, tmp_path, capsys):
    (tmp_path / f"{NAME}.nemo.part").symlink_to("/dev/full")
    assert fetch() == 1
    assert "No space left on device" in capsys.readouterr().err


def test_refused_checkpoint_is_not_downloaded(fetch, mirror, capsys):
    assert fetch(name="stt_en_fastconformer_hybrid_large_streaming_multi") == 1
    assert "cache-aware streaming" in capsys.readouterr().err
    assert not mirror.inspections


def test_without_a_name_the_table_is_printed(mirror, capsys):
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    row = next(line for line in lines if line.startswith(HUB_NAME))
    assert row.split()[1] == "EncDecCTCModelBPE"
    for column in ("2.44 GB", "CC BY 4.0", "Hugging Face: nvidia/parakeet-ctc-0.6b"):
        assert column in row
    assert not mirror.inspections


def test_what_is_to_be_downloaded_is_shown_with_its_exact_size(fetch, mirror, capsys):
    assert fetch() == 0
    row = next(line for line in capsys.readouterr().err.splitlines() if line.startswith(NAME))
    assert f"{len(mirror.body) / 1e6:.3g} MB" in row


def test_all_leaves_out_what_the_exporter_refuses(mirror, tmp_path, capsys):
    mirror.statuses = [404] * 99
    assert main(["all", "--directory", str(tmp_path), "--base-url", mirror.url, "--hub-url", mirror.url]) == 1
    exported = [name for name, entry in catalogue().items() if not entry.published.refused]
    assert len(mirror.inspections) == len(exported) < len(catalogue())


def test_mirror_of_the_hub_is_taken_from_the_environment(mirror, tmp_path, monkeypatch):
    mirror.body = archive(target="EncDecCTCModelBPE")
    monkeypatch.setenv(checkpoint_store.HUB_VARIABLE, mirror.url)
    assert main([HUB_NAME, "--directory", str(tmp_path)]) == 0
    assert mirror.paths == [f"/{PUBLISHED[HUB_NAME]}"]


def test_published_name_is_as_good_as_a_path(mirror, tmp_path, monkeypatch):
    mirror.body = archive(target="EncDecCTCModelBPE")
    monkeypatch.setenv(checkpoint_store.HUB_VARIABLE, mirror.url)
    store = checkpoint_store.Store.at(tmp_path)
    for _ in range(2):
        assert fetching.fetched(HUB_NAME, store) == tmp_path / f"{HUB_NAME}.nemo"
    assert len(mirror.requests) == 1, "the second time it is there"
    assert fetching.fetched("mine.nemo", store) == Path("mine.nemo")
    (tmp_path / f"{HUB_NAME}.nemo").write_bytes(archive(seed=3, target="EncDecCTCModelBPE"))
    with pytest.raises(ChecksumError, match="delete it"):
        fetching.fetched(HUB_NAME, store)


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
