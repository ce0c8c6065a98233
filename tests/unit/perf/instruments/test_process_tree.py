import os
import subprocess
import sys

import numpy as np
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


def test_peak_outlives_what_caused_it():
    with PeakMemory(os.getpid(), period_s=60) as peak:
        before = peak.read().rss
        held = np.ones(64 * MIB, np.uint8)
        peak.read()
        del held
        after = peak.read().rss
    assert peak.rss >= before + 60 * MIB
    assert peak.rss >= after


@pytest.mark.parametrize(
    ("readings", "slope"),
    [([5, 5, 5, 5], 0), ([0, 2, 4, 6], 2), ([5, 5, 500, 5, 5, 5], 0)],
    ids=["steady", "growing", "one jump"],
)
def test_slope_is_the_typical_growth_per_step(readings, slope):
    assert theil_sen(readings) == slope
