"""The log-mel graph against NeMo's preprocessor."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from nemo.collections.asr.modules import AudioToMelSpectrogramPreprocessor
from torch import nn

from export.errors import UnsupportedCheckpointError
from export.onnx_graph import Graph
from export.recognition.features import LogMel, write_features
from export.verification import max_abs, relative_l2

from .conftest import SAMPLE_RATE_HZ, sound

pytestmark = pytest.mark.parity

HOP, REACH = 160, 256
ACCEPTED_BY_NEMO = [257, 319, 320, 321, 511, 512, 15999, 16000, 16001, 30 * SAMPLE_RATE_HZ]
TOO_SHORT_FOR_NEMO = [0, 1, 2, HOP - 1, HOP, HOP + 1, REACH - 1, REACH]
SETTINGS = {
    "quartznet": {},
    "wide": {"features": 80, "n_fft": 1024, "window_size": 0.025, "window": "hamming"},
    "no emphasis, clamped": {"preemph": None, "log_zero_guard_type": "clamp", "log_zero_guard_value": 1e-10},
    "guard by name": {"log_zero_guard_value": "eps", "lowfreq": 50, "highfreq": 7000},
    "amplitude": {"mag_power": 1.0, "normalize": "all_features"},
    "unnormalised": {"normalize": None, "pad_value": -16.0, "window": "blackman"},
    "no log": {"log": False},
    "odd window": {"window_size": 0.0125625, "n_fft": 256},
    "8 kHz": {"sample_rate": 8000, "n_fft": 256},
}


def preprocessor(**settings):
    defaults = {"features": 64, "window_size": 0.02, "window_stride": 0.01, "n_fft": 512, "dither": 1e-5}
    return AudioToMelSpectrogramPreprocessor(**{**defaults, **settings}).eval()


@pytest.fixture(scope="module", params=SETTINGS.values(), ids=SETTINGS.keys())
def pair(request, tmp_path_factory):
    """NeMo's preprocessor and its graph."""
    original = preprocessor(**request.param)
    return original, graph_of(original, tmp_path_factory.mktemp("features"))


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    return graph_of(preprocessor(), tmp_path_factory.mktemp("features"))


def graph_of(original, folder) -> Graph:
    write_features(LogMel(original.featurizer), folder / "model.onnx")
    return Graph(folder / "model.onnx")


def compute(graph: Graph, clips: list[np.ndarray], padding: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Features and lengths of clips as one batch, padded with `padding`."""
    audio = np.full((len(clips), max(clip.size for clip in clips)), padding, np.float32)
    for row, clip in zip(audio, clips, strict=True):
        row[: clip.size] = clip
    length = np.array([[clip.size] for clip in clips])
    output = graph(audio=audio, audio_length=length)
    return output["features"], output["features_length"][:, 0]


@pytest.mark.parametrize("samples", ACCEPTED_BY_NEMO)
def test_graph_equals_nemo(graph, samples):
    compare(preprocessor(), graph, sound(samples))


@pytest.mark.parametrize("samples", [600, 16001])
def test_graph_equals_nemo_with_every_setting(pair, samples):
    compare(*pair, sound(samples))


@pytest.mark.parametrize("clip", [np.ones(16000), np.eye(1, 16000, 8000)[0]], ids=["offset", "click"])
def test_offset_and_click_equal_nemo(graph, clip):
    """Most powers there are rounding errors, so their logarithms agree less."""
    compare(preprocessor(), graph, clip.astype(np.float32), tolerance=2e-2)


def test_digital_silence_stays_near_zero(graph):
    """Every frame equals the mean but for rounding, which NeMo too divides by a deviation of 1e-5."""
    features, _ = compute(graph, [np.zeros(16000, np.float32)])
    assert np.abs(features).max() < 0.5


def compare(original, graph, clip, tolerance=1e-3):
    expected, length = original(input_signal=torch.from_numpy(clip)[None], length=torch.tensor([clip.size]))
    features, features_length = compute(graph, [clip])
    frames = int(length)
    assert features_length[0] == frames
    assert max_abs(features[0, :, :frames], expected[0, :, :frames].numpy()) <= tolerance
    if tolerance <= 1e-3:
        assert relative_l2(features[0, :, :frames], expected[0, :, :frames].numpy()) <= 1e-4
    assert (features[0, :, frames:] == original.featurizer.pad_value).all()
    assert features.shape[2] % 64 == 0


def as_of_nemo_25(featurizer):
    """Have a featurizer count no frame for the rest of a hop, and continue a clip with zeros at its ends."""
    count, reach = featurizer.get_seq_len, featurizer.n_fft // 2
    featurizer.get_seq_len = lambda length: count(length) - 1
    featurizer.stft = lambda x: torch.stft(
        nn.functional.pad(x, (reach, reach)),
        featurizer.n_fft,
        featurizer.hop_length,
        featurizer.win_length,
        featurizer.window,
        center=False,
        return_complex=True,
    )


@pytest.fixture(scope="module", params=SETTINGS.values(), ids=SETTINGS.keys())
def later(request, tmp_path_factory):
    """A preprocessor as of NeMo 2.5, and its graph."""
    original = preprocessor(**request.param)
    as_of_nemo_25(original.featurizer)
    return original, graph_of(original, tmp_path_factory.mktemp("features"))


@pytest.mark.parametrize("samples", [2 * HOP, 600, 16000, 16001])
def test_graph_equals_later_nemo_with_every_setting(later, samples):
    compare(*later, sound(samples))


def test_front_end_follows_the_installed_nemo(pair, later):
    present, other = LogMel(pair[0].featurizer), LogMel(later[0].featurizer)
    assert (present.extra_frames, present.reflects) == (1, True)
    assert (other.extra_frames, other.reflects) == (0, False)


@pytest.mark.parametrize("padding", [0.0, 1.0, float("nan"), float("inf")])
def test_batch_equals_its_clips_alone_with_later_nemo(later, padding):
    clips = [sound(samples, seed) for seed, samples in enumerate([0, 1, HOP - 1, HOP, HOP + 1, 320, 16001])]
    _, graph = later
    features, length = compute(graph, clips, padding)
    for row, clip in enumerate(clips):
        alone, alone_length = compute(graph, [clip])
        assert length[row] == alone_length[0]
        frames = alone.shape[2]
        assert max_abs(features[row, :, :frames], alone[0]) <= 1e-4


@pytest.mark.parametrize("samples", TOO_SHORT_FOR_NEMO)
def test_short_audio_is_finite_and_has_the_frames_of_its_length(graph, samples):
    features, length = compute(graph, [sound(samples), sound(1000)])
    assert np.isfinite(features).all()
    assert length[0] == (samples // HOP + 1 if samples else 0)
    assert (features[0, :, length[0] :] == 0).all()


def test_no_samples_at_all_give_no_frames(graph):
    output = graph(audio=np.zeros((2, 0), np.float32), audio_length=np.zeros((2, 1), np.int64))
    assert output["features_length"].tolist() == [[0], [0]]
    assert (output["features"] == 0).all()


@pytest.mark.parametrize("padding", [0.0, 1.0, float("nan"), float("inf")])
def test_batch_equals_its_clips_alone(graph, padding):
    lengths = [*TOO_SHORT_FOR_NEMO, *ACCEPTED_BY_NEMO[:-1]]
    clips = [sound(samples, seed) for seed, samples in enumerate(lengths)]
    features, length = compute(graph, clips, padding)
    for row, clip in enumerate(clips):
        alone, alone_length = compute(graph, [clip] if clip.size else [np.zeros(1, np.float32)])
        frames = int(alone_length[0]) if clip.size else 0
        assert length[row] == frames
        assert max_abs(features[row, :, :frames], alone[0, :, :frames]) <= 1e-4


def test_length_beyond_the_array_means_all_of_it(graph):
    clip = sound(1000)[None]
    expected = graph(audio=clip, audio_length=np.array([[1000]]))
    for given in (1001, 10**12):
        output = graph(audio=clip, audio_length=np.array([[given]]))
        np.testing.assert_array_equal(output["features"], expected["features"])
    assert graph(audio=clip, audio_length=np.array([[-5]]))["features_length"][0, 0] == 0


def test_frames_are_padded_to_the_bucket_whatever_nemo_pads_to(graph):
    shapes = {compute(graph, [sound(samples)])[0].shape[2] for samples in range(161, 64 * HOP, 997)}
    assert shapes == {64}


@pytest.mark.parametrize(
    ("setting", "named"),
    [({"exact_pad": True}, "exact_pad"), ({"frame_splicing": 3}, "frame_splicing")],
)
def test_unknown_setting_is_refused_by_name(setting, named):
    with pytest.raises(UnsupportedCheckpointError, match=named):
        LogMel(preprocessor(**setting).featurizer)
