import subprocess
import sys
import threading
import time

from tritone.server.log import follow_log


def follow(path, **options):
    """Follow in a thread; return the lines seen so far and a function that ends it."""
    lines, ended = [], threading.Event()
    thread = threading.Thread(
        target=follow_log, args=(path, lines.append, ended.is_set), kwargs=options, daemon=True
    )
    thread.start()

    def end():
        ended.set()
        thread.join(10)
        assert not thread.is_alive()

    return lines, end


def until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_lines_are_forwarded_as_they_arrive_including_the_last(tmp_path):
    with (tmp_path / "log").open("ab", buffering=0) as log:
        log.write(b"first\n")
        lines, end = follow(tmp_path / "log")
        until(lambda: "".join(lines) == "first\n")
        log.write(b"second\nno newline")
        end()
    assert "".join(lines) == "first\nsecond\nno newline"


def test_a_long_log_is_truncated_and_continues(tmp_path):
    path = tmp_path / "log"
    with path.open("ab", buffering=0) as log:
        lines, end = follow(path, longest_bytes=1000)
        before = "x" * 999 + "\ny\n"
        log.write(before.encode())
        until(lambda: "".join(lines) == before and path.stat().st_size == 0)
        log.write(b"after\n")
        until(lambda: "".join(lines) == before + "after\n")
        assert path.read_text() == "after\n"
        end()


def test_a_short_log_is_kept_for_failure_reports(tmp_path):
    path = tmp_path / "log"
    path.write_text("E1120 reason\n")
    lines, end = follow(path, longest_bytes=1000)
    until(lambda: lines)
    end()
    assert path.read_text() == "E1120 reason\n"


def test_a_message_for_a_closed_stderr_is_dropped():
    code = "from tritone.server.log import write_if_possible as write; write('lost'); print('goes on')"
    command = ["bash", "-c", 'exec "$@" 2>&-', "bash", sys.executable, "-c", code]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    assert (ended.returncode, ended.stdout) == (0, "goes on\n")
