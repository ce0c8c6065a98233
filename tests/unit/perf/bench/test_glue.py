import pytest

from perf.bench.glue import breakdown
from perf.instruments.load_test_results import ModelWork

NETWORKS = {
    "features_model": "asr_features",
    "acoustic_model": "asr_quartznet",
    "punctuation_model": "punctuation_bert",
    "voice_activity_model": "voice_activity",
}
WORK = (
    ModelWork("speech_to_text", 1, 0, 0.0, 0.0, total_s=0.50),
    ModelWork("asr_features", 1, 1, queue_s=0.002, compute_s=0.010, total_s=0.012),
    ModelWork("asr_quartznet", 1, 1, queue_s=0.01, compute_s=0.40, total_s=0.41),
    ModelWork("asr_ctc_decoder", 1, 1, queue_s=0.001, compute_s=0.001, total_s=0.002),
    ModelWork("punctuation_bert", 1, 1, queue_s=0.0, compute_s=0.05, total_s=0.05),
    ModelWork("voice_activity", 1, 1, queue_s=0.0, compute_s=0.002, total_s=0.002),
    ModelWork("asr_windows", 1, 1, queue_s=0.0, compute_s=0.001, total_s=0.001),
)
COUNTED = {work.model: work for work in WORK}


def test_parts_add_up_to_the_latency():
    parts = breakdown(0.52, COUNTED, NETWORKS)
    assert sum(parts.values()) == pytest.approx(0.52)


def test_queues_and_hops_count_as_glue_not_as_the_acoustic_model():
    parts = breakdown(0.52, COUNTED, NETWORKS)
    assert parts["asr_quartznet"] == 0.40
    assert parts["windows, queues, hops"] == pytest.approx(0.50 - 0.40 - 0.05 - 0.010 - 0.001 - 0.002)
    assert parts["gRPC and client"] == pytest.approx(0.02)
