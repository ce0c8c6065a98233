import shutil

import pytest

from export.configs import (
    WarmUpRatio,
    fit_configs,
    fit_dims,
    fitted_configs,
    graph_dims,
    require_one_interface,
)
from export.errors import VersionError
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
    variants = {path.name for path in (tmp_path / "asr_quartznet/configs").iterdir()}
    assert {path.name for path in changed} == {"config.pbtxt"} | variants
    for path in changed:
        outputs = {tensor.name: list(tensor.dims) for tensor in read_config(path).output}
        assert outputs["log_probs"] == [-1, 34]


def test_warm_up_keeps_its_frames_and_gets_the_noise_for_them(tmp_path):
    """A warm-up chooses its frames; another group size needs other noise for them."""
    shutil.copytree(REPOSITORIES[0] / "tts_waveglow", tmp_path / "tts_waveglow")
    folder = tmp_path / "tts_waveglow"
    paths = [folder / "config.pbtxt", *sorted((folder / "configs").glob("*.pbtxt"))]
    frames = [frames_of(read_config(path)) for path in paths]
    assert len({count for counts in frames for count in counts}) > 1
    changed = fit_configs(
        tmp_path,
        {"tts_waveglow": {"mel": (20, -1), "z": (8, -1)}},
        {"tts_waveglow": WarmUpRatio("mel", "z", 32)},
    )
    assert changed == paths
    for path, counts in zip(paths, frames, strict=True):
        fitted = read_config(path)
        for warm_up, count in zip(fitted.model_warmup, counts, strict=True):
            dims = {name: list(tensor.dims) for name, tensor in warm_up.inputs.items()}
            assert dims == {"mel": [20, count], "mel_length": [1], "z": [8, 32 * count]}
        declared = {tensor.name: list(tensor.dims) for tensor in fitted.input}
        assert declared == {"mel": [20, -1], "mel_length": [1], "z": [8, -1]}


def frames_of(config):
    return [warm_up.inputs["mel"].dims[1] for warm_up in config.model_warmup]


def test_checkpoint_like_the_bundled_one_changes_no_config():
    """Committed configs fit the committed graphs, so a version of equal dims can be installed too."""
    dims = {path.parents[1].name: graph_dims(path) for path in REPOSITORIES[0].glob("*/1/model.onnx")}
    assert fitted_configs(REPOSITORIES[0], dims, {"tts_waveglow": WarmUpRatio("mel", "z", 16)}) == {}


@pytest.fixture
def two_versions(tmp_path):
    """A model of two versions, of which the second is about to be exported again."""
    folder = shutil.copytree(REPOSITORIES[0] / "asr_quartznet", tmp_path / "asr_quartznet")
    shutil.copytree(folder / "1", folder / "2")
    return tmp_path


def test_other_dims_than_those_of_another_version_are_refused_with_a_remedy(two_versions):
    fitted = fitted_configs(two_versions, {"asr_quartznet": {"log_probs": (-1, 34)}})
    with pytest.raises(VersionError) as refusal:
        require_one_interface(fitted, two_versions, 2)
    message = str(refusal.value)
    assert "asr_quartznet: expected version 2 to have the dims of version 1" in message
    assert "`dims: [ -1, 29 ]  # frames, labels with blank`, got `dims: [ -1, 34 ]" in message
    assert "`make deploy`" in message


def test_first_version_must_not_change_beside_a_second_one(two_versions):
    fitted = fitted_configs(two_versions, {"asr_quartznet": {"log_probs": (-1, 34)}})
    with pytest.raises(VersionError, match="expected version 1 to have the dims of version 2"):
        require_one_interface(fitted, two_versions, 1)


def test_equal_dims_and_the_only_version_are_accepted(two_versions):
    require_one_interface(
        fitted_configs(two_versions, {"asr_quartznet": {"log_probs": (-1, 29)}}), two_versions, 2
    )
    shutil.rmtree(two_versions / "asr_quartznet/2")
    fitted = fitted_configs(two_versions, {"asr_quartznet": {"log_probs": (-1, 34)}})
    assert fitted
    require_one_interface(fitted, two_versions, 1)
