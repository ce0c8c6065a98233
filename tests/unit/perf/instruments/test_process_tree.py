import os
import subprocess
import sys

import pytest

from perf.instruments.process_tree import MIB, PeakMemory, parse_rollup, theil_sen, tree_memory

ROLLUP = """55d5e5a9d000-7ffc1b5f2000 ---p 00000000 00:00 0                          [rollup]
Rss:               10240 kB
Pss:                4096 kB
Pss_Dirty:          1024 kB
"""


def test_rollup_is_read_in_bytes():
    memory = parse_rollup(ROLLUP)
    assert (memory.pss, memory.rss) == (4096 * 1024, 10240 * 1024)


def test_tree_counts_children():
    alone = tree_memory(os.getpid())
    child = subprocess.Popen(
        [sys.executable, "-c", "held = b'x' * (64 << 20); print(flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        child.stdout.readline()
        assert tree_memory(os.getpid()).pss - alone.pss > 60 * MIB
    finally:
        child.communicate(b"\n")


def test_ended_process_holds_nothing():
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert tree_memory(child.pid).rss == 0


HOLDER = """
import sys
for order in sys.stdin:
    held = b"x" * (64 << 20) if order == "hold\\n" else None
    print(flush=True)
"""


def test_peak_outlives_what_caused_it():
    # A process of its own: the one of the tests gives memory back at any time.
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:

        def order(what: str) -> None:
            print(what, file=holder.stdin, flush=True)
            holder.stdout.readline()

        order("drop")
        with PeakMemory(holder.pid, period_s=60) as peak:
            before = peak.read().rss
            order("hold")
            peak.read()
            order("drop")
            after = peak.read().rss
        holder.stdin.close()
    assert peak.rss >= before + 60 * MIB
    assert peak.rss >= after + 60 * MIB


@pytest.mark.parametrize(
    ("readings", "slope"),
    [([5, 5, 5, 5], 0), ([0, 2, 4, 6], 2), ([5, 5, 500, 5, 5, 5], 0)],
    ids=["steady", "growing", "one jump"],
)
def test_slope_is_the_typical_growth_per_step(readings, slope):
    assert theil_sen(readings) == slope
