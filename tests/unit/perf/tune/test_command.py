import pytest

from perf.tune.__main__ import main


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--rounds", "0"], "whole number from 1 to 1024"),
        (["--instances", "1,x"], "got 'x'"),
        (["--round-s", "-1"], "a number above 0"),
        (["--round-s", "nan"], "a number above 0"),
    ],
)
def test_wrong_usage_exits_2_and_is_named(arguments, named, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert named in capsys.readouterr().err


def test_an_unknown_model_is_an_error(capsys):
    assert main(["asr_whisper"]) == 1
    assert "expected some of asr_quartznet, asr_features" in capsys.readouterr().err


def test_model_analyzer_without_a_gpu_says_what_to_do(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))  # no nvidia-smi
    assert main(["--model-analyzer", "asr_features"]) == 1
    error = capsys.readouterr().err
    assert "expected an NVIDIA GPU, found none" in error
    assert "--cpu" in error


def test_a_driver_without_a_gpu_is_no_gpu(monkeypatch, capsys, tmp_path):
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\nexit 9\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["--model-analyzer"]) == 1
    assert "expected an NVIDIA GPU" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["--model-analyzer", "--cpu"]])
def test_an_unknown_variant_is_an_error_and_not_the_usual_configs(words, capsys):
    assert main([*words, "--model-config-name", "int9", "asr_features"]) == 1
    error = capsys.readouterr().err
    assert "--model-config-name: expected one of" in error
    assert "got int9" in error
