import pytest

from tritone.errors import ServerError
from tritone.server.crashes import MAX_CRASHES, WINDOW_S, CrashBudget, signal_name


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_the_first_restart_is_immediate_and_later_ones_wait_longer():
    budget = CrashBudget(Clock())
    pauses = [budget.pause_s(-8) for _ in range(MAX_CRASHES)]
    assert pauses[0] == 0
    assert pauses == sorted(pauses)
    assert len(set(pauses)) == MAX_CRASHES


def test_too_many_crashes_end_with_the_signal_and_the_time_span():
    clock = Clock()
    budget = CrashBudget(clock)
    for _ in range(MAX_CRASHES):
        clock.now += 10
        budget.pause_s(-11)
    with pytest.raises(ServerError, match=r"6 crashes within 40 s, the last by SIGFPE; find"):
        budget.pause_s(-8)


def test_old_crashes_are_forgotten():
    clock = Clock()
    budget = CrashBudget(clock)
    for _ in range(3 * MAX_CRASHES):
        clock.now += WINDOW_S / MAX_CRASHES
        budget.pause_s(-8)
    clock.now += WINDOW_S
    assert budget.pause_s(-8) == 0


def test_signals_have_names():
    assert signal_name(-8) == "SIGFPE"
    assert signal_name(-99) == "signal 99"
