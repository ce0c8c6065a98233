"""Decoding in separate processes, which may die without affecting others."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tritone.audio import decoder_pool
from tritone.audio.decoder_pool import DecoderPool
from tritone.audio.decoding import decode_audio
from tritone.errors import AudioError

from .files import LONGEST_S, encode, encode_with_ffmpeg, voice

WAV = encode(voice())
MP3 = encode(voice(), 16_000, "MP3", "MPEG_LAYER_III")
SAMPLES = decode_audio(WAV, LONGEST_S)


@pytest.fixture
def pool():
    with DecoderPool(1) as running:
        yield running


def children():
    """Process ids of this process's children."""
    tasks = Path("/proc/self/task").iterdir()
    return {int(pid) for task in tasks for pid in (task / "children").read_text().split()}


@pytest.fixture
def decoders():
    """Return the ids of processes started since the test began."""
    before = children()
    return lambda: children() - before


def test_a_file_gives_the_samples_that_it_gives_here(pool):
    np.testing.assert_array_equal(pool.decode(WAV, LONGEST_S), SAMPLES)
    np.testing.assert_array_equal(pool.decode(MP3, LONGEST_S), decode_audio(MP3, LONGEST_S))


@pytest.mark.parametrize("data", [b"", b"no audio at all", WAV[:-5000]], ids=["empty", "text", "cut-off"])
def test_a_bad_file_is_refused_in_the_same_words(pool, data):
    with pytest.raises(AudioError) as here:
        decode_audio(data, LONGEST_S)
    with pytest.raises(AudioError) as there:
        pool.decode(data, LONGEST_S)
    assert str(there.value) == str(here.value)


def test_a_good_file_after_a_bad_and_longer_one_is_decoded(pool):
    with pytest.raises(AudioError):
        pool.decode(WAV * 5 + b"junk" * 1000, 5.0)
    np.testing.assert_array_equal(pool.decode(WAV, LONGEST_S), SAMPLES)


def test_a_killed_process_is_replaced(decoders):
    with DecoderPool(1) as pool:
        (process,) = decoders()
        os.kill(process, signal.SIGKILL)
        np.testing.assert_array_equal(pool.decode(WAV, LONGEST_S), SAMPLES)
        assert decoders().isdisjoint({process})


def test_a_file_that_repeatedly_crashes_its_process_is_refused(decoders, pool):
    ended = threading.Event()

    def kill_busy_processes():
        while not ended.is_set():
            for process in decoders():
                if processor_s(process) > 2 * start_s:
                    os.kill(process, signal.SIGKILL)
            time.sleep(0.01)

    pool.decode(WAV, LONGEST_S)
    (process,) = decoders()
    start_s = processor_s(process)
    small = encode_with_ffmpeg(voice(0.1, 48_000), "webm", "libopus", 48_000)
    killer = threading.Thread(target=kill_busy_processes)
    killer.start()
    try:
        with pytest.raises(AudioError, match=r"on which the decoder died \(SIGKILL\)"):
            pool.decode(small * 1000, 3600.0)  # takes some seconds
    finally:
        ended.set()
        killer.join()
    np.testing.assert_array_equal(pool.decode(WAV, LONGEST_S), SAMPLES)


def test_a_process_that_cannot_start_is_not_blamed_on_the_file(monkeypatch):
    monkeypatch.setattr(decoder_pool, "_python", lambda: "/bin/false")
    with (
        DecoderPool(1) as pool,
        pytest.raises(RuntimeError, match=r"expected it to start, but it died \(code 1\)"),
    ):
        pool.decode(WAV, LONGEST_S)


def test_threads_share_the_processes():
    results = []
    with DecoderPool(2) as pool:
        threads = [
            threading.Thread(target=lambda: results.append(pool.decode(WAV, LONGEST_S))) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(results) == 8
    assert all(np.array_equal(result, SAMPLES) for result in results)


def test_processes_are_bounded(pool, decoders):
    pool.decode(WAV, LONGEST_S)
    (process,) = [
        pid for pid in children() if b"decoder_process" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    limits = Path(f"/proc/{process}/limits").read_text()
    found = {line[:26].strip(): line[26:].split()[0] for line in limits.splitlines()[1:]}
    assert found["Max data size"] == str(1 << 30)
    assert found["Max core file size"] == "0"
    assert int(found["Max open files"]) < 64 + max(map(int, os.listdir("/proc/self/fd")))
    assert int(found["Max cpu time"]) <= 200


def test_what_libraries_print_is_not_seen(capfd):
    size = MP3.index(b"Xing") + 12
    odd = MP3[:size] + (100).to_bytes(4, "big") + MP3[size + 4 :]
    decode_audio(odd, LONGEST_S)
    assert "Warning: Xing stream size" in capfd.readouterr().err  # libmpg123, in this process
    with DecoderPool(1) as pool:
        pool.decode(odd, LONGEST_S)
        os.write(2, b"of others\n")
    assert capfd.readouterr() == ("", "of others\n")


def test_processes_end_with_the_one_that_started_them(tmp_path):
    code = f"""
        import os, signal
        from tritone.audio.decoder_pool import DecoderPool
        pool = DecoderPool(2)
        pool.decode(open({str(tmp_path / "a.wav")!r}, "rb").read(), 60.0)
        for task in os.listdir("/proc/self/task"):
            print(open(f"/proc/self/task/{{task}}/children").read(), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    (tmp_path / "a.wav").write_bytes(WAV)
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    started = [int(pid) for pid in done.stdout.split()]
    assert len(started) == 2
    until = time.monotonic() + 20
    while any(is_running(pid) for pid in started):
        assert time.monotonic() < until
        time.sleep(0.05)


def processor_s(pid):
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except FileNotFoundError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
