from dataclasses import replace

import pytest

from perf.instruments.errors import UsageError
from perf.instruments.load_test_results import CONCURRENCY, RATE
from perf.load.plan import FULL, QUICK, Load, plan, read_concurrencies, read_rates, window_s

MODELS = ("speech_to_text", "text_to_speech", "asr_features")


def test_lists_are_read():
    assert read_concurrencies(" 1, 16,1") == (Load(CONCURRENCY, "1", 1), Load(CONCURRENCY, "16", 16))
    assert read_rates("50%,20,2.5") == (
        Load(RATE, "50%", 0.5),
        Load(RATE, "20", 20.0),
        Load(RATE, "2.5", 2.5),
    )
    assert read_concurrencies("") == read_rates(" ") == ()


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "x", "257", "1;2"])
def test_no_concurrency_is_refused_by_value(text):
    with pytest.raises(UsageError, match=f"got {text}"):
        read_concurrencies(text)


@pytest.mark.parametrize("text", ["0", "-5", "x", "201%", "20000", "nan", "inf", "%"])
def test_no_rate_is_refused_by_value(text):
    with pytest.raises(UsageError, match=f"got {text}"):
        read_rates(text)


def test_a_share_is_of_the_best_throughput():
    (share,) = read_rates("50%")
    (absolute,) = read_rates("20")
    assert share.value(30.0) == 15.0
    assert share.value(None) is None
    assert absolute.value(None) == absolute.value(30.0) == 20.0


def test_the_main_pipelines_come_first_over_both_protocols():
    sweeps = list(plan(MODELS[::-1], FULL))
    assert [(sweep.model, sweep.protocol) for sweep in sweeps] == [
        ("text_to_speech", "grpc"),
        ("speech_to_text", "grpc"),
        ("text_to_speech", "http"),
        ("speech_to_text", "http"),
        ("asr_features", "grpc"),
        ("asr_features", "http"),
    ]
    assert sweeps[0].loads == FULL.concurrencies + FULL.rates
    assert sweeps[-1].loads == FULL.part_concurrencies + FULL.part_rates


def test_a_share_needs_a_concurrency():
    with pytest.raises(UsageError, match="no concurrency is measured"):
        list(plan(MODELS, replace(FULL, concurrencies=())))
    absolute = replace(FULL, concurrencies=(), rates=read_rates("5"))
    assert next(plan(MODELS, absolute)).loads == read_rates("5")


def test_a_window_holds_every_input_once():
    (one,) = read_concurrencies("1")
    (rate,) = read_rates("2")
    assert window_s(FULL, one, 1, inputs=10, alone_s=0.01) == FULL.window_s
    assert window_s(FULL, one, 1, inputs=10, alone_s=0.5) == 5.0
    assert window_s(FULL, rate, 2.0, inputs=10, alone_s=0.01) == 5.0
    assert window_s(FULL, one, 1, inputs=10, alone_s=60.0) == FULL.longest_window_s


def test_a_quick_test_has_few_short_loads_and_an_end():
    loads = sum(len(sweep.loads) for sweep in plan(MODELS, QUICK))
    assert loads < sum(len(sweep.loads) for sweep in plan(MODELS, FULL)) / 2
    assert QUICK.budget_s < 180
