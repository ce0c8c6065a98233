import pytest

from perf.bench.__main__ import BENCHMARKS, main


def test_unknown_benchmark_is_refused_with_the_known_ones(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["serving", "nonsense"])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert "'nonsense'" in error
    assert all(name in error for name in BENCHMARKS)
