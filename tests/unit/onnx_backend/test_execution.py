import numpy as np
import pytest

from tritone.onnx_backend.execution import run_pooled


class Doubler:
    """Doubles x, records the batch shapes, and rejects 13."""

    def __init__(self):
        self.batches = []

    def __call__(self, tensors):
        self.batches.append(tensors["x"].shape)
        if (tensors["x"] == 13).any():
            raise ValueError("thirteen")
        return [tensors["x"] * 2, tensors["x"].sum(axis=1, keepdims=True)]


def requests(*shapes):
    return [{"x": np.full(shape, index + 1, np.float32)} for index, shape in enumerate(shapes)]


def test_equal_shapes_run_in_one_call_and_are_split_again():
    run = Doubler()
    outcomes = run_pooled(requests((1, 4), (2, 4), (1, 4)), run, max_batch_size=8)
    assert run.batches == [(4, 4)]
    for index, (doubled, total) in enumerate(outcomes):
        assert (doubled == 2 * (index + 1)).all()
        assert len(doubled) == len(total) == (1, 2, 1)[index]


def test_different_shapes_are_not_mixed_and_order_is_kept():
    run = Doubler()
    outcomes = run_pooled(requests((1, 4), (1, 9), (1, 4), (1, 9)), run, max_batch_size=8)
    assert sorted(run.batches) == [(2, 4), (2, 9)]
    assert [outcome[0].shape[1] for outcome in outcomes] == [4, 9, 4, 9]
    assert [float(outcome[0][0, 0]) for outcome in outcomes] == [2, 4, 6, 8]


def test_pools_respect_the_largest_batch():
    run = Doubler()
    run_pooled(requests(*[(3, 2)] * 5), run, max_batch_size=8)
    assert [batch[0] for batch in run.batches] == [6, 6, 3]


def test_model_without_batching_runs_each_request_alone():
    run = Doubler()
    run_pooled(requests((4, 4), (4, 4)), run, max_batch_size=0)
    assert run.batches == [(4, 4), (4, 4)]


def test_bad_request_fails_alone():
    pool = requests((1, 4), (1, 4), (1, 4))
    pool[1]["x"][:] = 13
    good, bad, also_good = run_pooled(pool, Doubler(), max_batch_size=8)
    assert isinstance(bad, ValueError)
    assert (good[0] == 2).all()
    assert (also_good[0] == 6).all()


def test_no_requests_give_no_outcomes():
    assert run_pooled([], Doubler(), 8) == []


@pytest.mark.parametrize("seed", range(5))
def test_any_mix_equals_each_alone(seed):
    rng = np.random.default_rng(seed)
    mix = [
        {"x": rng.normal(size=(rng.integers(1, 4), rng.choice([2, 3]))).astype(np.float32)} for _ in range(20)
    ]
    for request, outcome in zip(mix, run_pooled(mix, Doubler(), 4), strict=True):
        np.testing.assert_array_equal(outcome[0], Doubler()(request)[0])
