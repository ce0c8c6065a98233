import pytest

from perf.bench.glue import breakdown
from perf.instruments.server import Statistics, differences

NETWORKS = {
    "features_model": "asr_features",
    "acoustic_model": "asr_quartznet",
    "punctuation_model": "punctuation_bert",
}
COUNTED = {
    "speech_to_text": Statistics(1, 0, total_s=0.50),
    "asr_features": Statistics(1, 1, total_s=0.012, queue_s=0.002, compute_s=0.010),
    "asr_quartznet": Statistics(1, 1, total_s=0.41, queue_s=0.01, compute_s=0.40),
    "asr_ctc_decoder": Statistics(1, 1, total_s=0.002, queue_s=0.001, compute_s=0.001),
    "punctuation_bert": Statistics(1, 1, total_s=0.05, compute_s=0.05),
    "asr_windows": Statistics(1, 1, total_s=0.001, compute_s=0.001),
}


def test_parts_add_up_to_the_latency():
    parts = breakdown(0.52, COUNTED, NETWORKS)
    assert sum(parts.values()) == pytest.approx(0.52)


def test_queues_and_hops_count_as_glue_not_as_the_acoustic_model():
    parts = breakdown(0.52, COUNTED, NETWORKS)
    assert parts["asr_quartznet"] == 0.40
    assert parts["windows, queues, hops"] == pytest.approx(0.50 - 0.40 - 0.05 - 0.010 - 0.001)
    assert parts["gRPC and client"] == pytest.approx(0.02)


def test_counters_are_read_as_differences():
    before = {"asr_quartznet": Statistics(10, 8, total_s=5.0)}
    after = {"asr_quartznet": Statistics(12, 9, total_s=5.5), "new": Statistics(1, 1, total_s=1.0)}
    assert differences(before, after) == {
        "asr_quartznet": Statistics(2, 1, total_s=0.5),
        "new": Statistics(1, 1, total_s=1.0),
    }
