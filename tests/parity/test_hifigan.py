"""HiFi-GAN's graph against NeMo's generator, alone, in batches and in chunks."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from export.errors import UnsupportedCheckpointError
from export.families.hifigan.graph import HifiGan, write_hifigan
from export.families.hifigan.random_checkpoint import generator, vocoder_model
from export.onnx_graph import Graph
from export.verification import max_abs, relative_l2

pytestmark = pytest.mark.parity

MELS = 16
SETTINGS = {
    "two convolutions a round": generator(upsample_initial_channel=32),
    "one convolution a round": generator(
        upsample_initial_channel=32, resblock=2, resblock_dilation_sizes=[[1, 3]] * 3
    ),
    "44.1 kHz": generator(
        upsample_initial_channel=32, upsample_rates=[8, 8, 4, 2], upsample_kernel_sizes=[16, 16, 4, 4]
    ),
}


@pytest.fixture(scope="module", params=SETTINGS.values(), ids=SETTINGS.keys())
def pair(request, tmp_path_factory):
    """A NeMo model and the graph made of it."""
    model = vocoder_model(request.param, MELS)
    expected = {frames: nemo(model, mel(frames)) for frames in (1, 2, 5, 24)}
    path = tmp_path_factory.mktemp("vocoder") / "model.onnx"
    module = HifiGan(model.generator)
    write_hifigan(module, path)
    return expected, Graph(path), module.hop


def mel(frames: int) -> np.ndarray:
    return (np.random.default_rng(frames).standard_normal((MELS, frames)) * 2 - 4).astype(np.float32)


def nemo(model, spectrogram: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return model.convert_spectrogram_to_audio(spec=torch.from_numpy(spectrogram)[None])[0].numpy()


def compute(graph: Graph, mels: list[np.ndarray], after: float = 0.0) -> tuple[list, np.ndarray]:
    batch = np.full((len(mels), MELS, max(item.shape[1] for item in mels)), after, np.float32)
    for row, item in zip(batch, mels, strict=True):
        row[:, : item.shape[1]] = item
    output = graph(mel=batch, mel_length=np.array([[item.shape[1]] for item in mels]))
    length = output["audio_length"][:, 0]
    return [row[:samples] for row, samples in zip(output["audio"], length, strict=True)], output["audio"]


def test_graph_equals_nemo(pair):
    expected, graph, hop = pair
    for frames, audio in expected.items():
        (measured,), _ = compute(graph, [mel(frames)])
        assert measured.size == frames * hop
        assert relative_l2(measured, audio) <= 1e-4


@pytest.mark.parametrize("after", [0.0, 5.0, float("nan")])
def test_row_of_a_batch_equals_the_row_alone_with_silence_after_it(pair, after):
    expected, graph, _ = pair
    rows, whole = compute(graph, [mel(frames) for frames in expected] + [mel(24)[:, :0]], after)
    for row, audio, padded in zip(rows, expected.values(), whole, strict=False):
        assert relative_l2(row, audio) <= 1e-4
        assert not padded[row.size :].any()
    assert rows[-1].size == 0


def test_chunks_with_context_equal_the_whole_and_with_less_do_not(tmp_path):
    module = HifiGan(vocoder_model(SETTINGS["two convolutions a round"], MELS).generator)
    write_hifigan(module, tmp_path / "model.onnx")
    graph, frames = Graph(tmp_path / "model.onnx"), mel(96)
    ((whole,), _), chunk = compute(graph, [frames]), slice(40, 56)

    def cut(context: int) -> np.ndarray:
        ((audio,), _) = compute(graph, [frames[:, chunk.start - context : chunk.stop + context]])
        return audio[context * module.hop : (context + 16) * module.hop]

    expected = whole[chunk.start * module.hop : chunk.stop * module.hop]
    assert module.context_frames == 13
    assert max_abs(cut(13), expected) <= 1e-6
    assert max_abs(cut(8), expected) > 1e-6


def test_context_grows_with_the_dilations(tmp_path):
    wide = generator(upsample_initial_channel=32, resblock_dilation_sizes=[[1, 5, 9]] * 3)
    assert HifiGan(vocoder_model(wide, MELS).generator).context_frames > 13


def test_upsampling_with_a_length_of_its_own_is_refused_by_name():
    model = vocoder_model(generator(upsample_initial_channel=32, upsample_kernel_sizes=[15, 16, 4, 4]), MELS)
    with pytest.raises(UnsupportedCheckpointError, match=r"generator\.ups\.0"):
        HifiGan(model.generator)
