import shutil

from export.configs import fit_configs, fit_dims, graph_dims
from tritone.repository.configs import read_config
from tritone.server.options import REPOSITORIES

CONFIG = (REPOSITORIES[0] / "asr_quartznet/config.pbtxt").read_text()


def test_only_the_named_numbers_change():
    fitted = fit_dims(CONFIG, {"features": (80, -1), "log_probs": (-1, 34)})
    changed = [
        pair for pair in zip(CONFIG.splitlines(), fitted.splitlines(), strict=True) if pair[0] != pair[1]
    ]
    assert [new.strip() for _, new in changed] == [
        "dims: [ 80, -1 ]  # mel bands, frames",
        "dims: [ -1, 34 ]  # frames, labels with blank",
        "value: { data_type: TYPE_FP32 dims: [ 80, 64 ] zero_data: true }",
    ]


def test_graph_says_what_is_fixed():
    dims = graph_dims(REPOSITORIES[0] / "asr_quartznet/1/model.onnx")
    assert dims["features"] == (64, -1)
    assert dims["log_probs"] == (-1, 29)


def test_fitting_what_fits_changes_nothing(tmp_path):
    shutil.copytree(REPOSITORIES[0] / "asr_quartznet", tmp_path / "asr_quartznet")
    assert fit_configs(tmp_path, {"asr_quartznet": {"features": (64, -1), "log_probs": (-1, 29)}}) == []


def test_variants_are_fitted_too_and_stay_valid(tmp_path):
    shutil.copytree(REPOSITORIES[0] / "asr_quartznet", tmp_path / "asr_quartznet")
    changed = fit_configs(tmp_path, {"asr_quartznet": {"log_probs": (-1, 34)}, "missing": {"x": (1,)}})
    assert [path.name for path in changed] == ["config.pbtxt", "int8.pbtxt"]
    for path in changed:
        outputs = {tensor.name: list(tensor.dims) for tensor in read_config(path).output}
        assert outputs["log_probs"] == [-1, 34]


def test_warm_up_has_dims_of_its_own(tmp_path):
    shutil.copytree(REPOSITORIES[0] / "tts_waveglow", tmp_path / "tts_waveglow")
    dims = {"mel": (20, -1), "z": (8, -1)}
    fit_configs(tmp_path, {"tts_waveglow": dims}, {"tts_waveglow": {"mel": (20, 4), "z": (8, 128)}})
    fitted = read_config(tmp_path / "tts_waveglow/config.pbtxt")
    warm_up = fitted.model_warmup[0].inputs
    assert {name: list(warm_up[name].dims) for name in dims} == {"mel": [20, 4], "z": [8, 128]}
    declared = {tensor.name: list(tensor.dims) for tensor in fitted.input}
    assert declared == {"mel": [20, -1], "mel_length": [1], "z": [8, -1]}
