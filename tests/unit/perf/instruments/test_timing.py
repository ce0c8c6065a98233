import pytest

from perf.instruments.timing import Rates, interleaved, ratio, spread


class Clock:
    """Seconds that pass only when work is done."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_contenders_take_turns_after_one_uncounted_run_each():
    clock, order = Clock(), []

    def contender(name, seconds):
        def run():
            order.append(name)
            clock.now += seconds
            return 10

        return run

    rates = interleaved({"a": contender("a", 2.0), "b": contender("b", 5.0)}, rounds=3, clock=clock)
    assert order == ["a", "b"] * 4
    assert rates == {"a": Rates((5.0,) * 3), "b": Rates((2.0,) * 3)}


def test_ratio_is_of_medians_and_ignores_one_disturbed_round():
    served, bare = Rates((9.0, 10.0, 1.0)), Rates((10.0, 10.0, 10.0))
    assert ratio(served, bare) == pytest.approx(0.9)


def test_spread_pairs_the_rounds():
    assert spread(Rates((8.0, 12.0)), Rates((10.0, 10.0))) == pytest.approx((0.8, 1.2))
