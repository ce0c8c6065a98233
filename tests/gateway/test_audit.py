"""The audit log: whole lines, nothing forged, nothing lost when files change."""

import json
import multiprocessing
import os

import pytest
from tritone_gateway.errors import StartupError
from tritone_gateway.security.audit import AuditLog, open_audit
from tritone_gateway.security.audit_file import AuditFile
from tritone_gateway.security.failed_logins import FailedLogins
from tritone_gateway.settings import Settings


def opened(path, largest_bytes=0, kept=3, sync="never"):
    return AuditLog(AuditFile(path, largest_bytes, kept), sync)


def written(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_event_is_a_line_with_its_time(tmp_path):
    log = opened(tmp_path / "audit.jsonl")
    log.write("POST /api/asr", key="0123", record=None, status=201)
    log.close()
    (line,) = written(tmp_path / "audit.jsonl")
    assert line.pop("time").endswith("Z")
    assert line == {"action": "POST /api/asr", "key": "0123", "status": 201}


def test_no_caller_can_forge_or_flood_a_line(tmp_path):
    log = opened(tmp_path / "audit.jsonl")
    log.write("a", name='x"}\n{"action": "forged"}\r\x85\u2028\x00', path="/" + "p" * 10_000)
    log.close()
    text = (tmp_path / "audit.jsonl").read_bytes()
    assert text.count(b"\n") == 1
    assert text.isascii()
    assert len(text.splitlines()) == len(text.decode().splitlines()) == 1
    assert len(text) < 1000


def test_large_file_is_followed_by_another_and_a_set_number_is_kept(tmp_path):
    path = tmp_path / "audit.jsonl"
    log = AuditFile(path, 1000, 3)
    for number in range(200):
        log.append([json.dumps({"number": number, "fill": "x" * 80}).encode() + b"\n"])
    log.close()
    files = sorted(entry.name for entry in tmp_path.iterdir())
    assert files == ["audit.jsonl", "audit.jsonl.1", "audit.jsonl.2", "audit.jsonl.3"]
    newest_first = [tmp_path / "audit.jsonl", *(tmp_path / f"audit.jsonl.{n}" for n in (1, 2, 3))]
    numbers = [line["number"] for file in reversed(newest_first) for line in written(file)]
    assert numbers == list(range(numbers[0], 200))
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in newest_first)


def test_file_that_another_program_renames_or_removes_is_begun_again(tmp_path):
    path = tmp_path / "audit.jsonl"
    log = AuditFile(path, 0, 3)
    log.append([b'{"n": 1}\n'])
    path.rename(tmp_path / "old")
    log.append([b'{"n": 2}\n'])
    assert written(path) == [{"n": 2}]
    path.unlink()
    log.append([b'{"n": 3}\n'])
    assert written(path) == [{"n": 3}]
    log.close()


def fill(path, writer):
    file = AuditFile(path, 20_000, 100)
    for number in range(500):
        line = {"writer": writer, "number": number, "fill": "x" * 50}
        file.append([json.dumps(line).encode() + b"\n"])
    file.close()


def test_processes_share_a_file_without_losing_or_mixing_lines(tmp_path):
    path = tmp_path / "audit.jsonl"
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=fill, args=(path, writer)) for writer in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    lines = [line for file in tmp_path.iterdir() for line in written(file)]
    assert sorted((line["writer"], line["number"]) for line in lines) == [
        (writer, number) for writer in range(3) for number in range(500)
    ]
    assert len(list(tmp_path.iterdir())) > 3


def test_line_is_on_the_disk_before_the_log_is_closed_if_asked(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", synced.append)
    for sync, least in {"always": 3, "second": 1, "never": 0}.items():
        synced.clear()
        log = opened(tmp_path / sync, sync=sync)
        for _ in range(3):
            log.write("a")
            while not (tmp_path / sync).stat().st_size or not log._lines.empty():
                pass
        log.close()
        assert len(synced) >= min(least, 1)
        assert (len(synced) == 0) == (sync == "never")


def test_file_that_cannot_be_written_stops_the_start_and_names_the_remedy(tmp_path):
    with pytest.raises(StartupError, match="audit_file"), open_audit(Settings(audit_file=tmp_path)):
        pass
    with open_audit(Settings(audit_file=tmp_path, audit=False)) as log:
        log.write("a")


def test_many_failed_logins_are_counted(tmp_path):
    now = [0.0]
    log = opened(tmp_path / "audit.jsonl")
    failed = FailedLogins(log, lambda: now[0])
    for _ in range(1000):
        failed.note("192.0.2.1", "", "not a key", "/api/asr")
    failed.note("192.0.2.2", "", "not a key", "/api/asr")
    now[0] = 61.0
    failed.note("192.0.2.1", "", "not a key", "/api/asr")
    log.close()
    lines = written(tmp_path / "audit.jsonl")
    assert len(lines) == 10 + 1 + 1 + 1
    assert [line["more"] for line in lines if line["action"] == "logins failed"] == [990]
