"""WaveGlow as a graph: both forms of its conditioning against NeMo, item by item."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from export.families.waveglow.conditioning import (
    InterpolatedConditioning,
    UpsampledConditioning,
    interpolation,
)
from export.families.waveglow.graph import WaveGlowNetwork, write_waveglow
from export.families.waveglow.reference import nemo_audio
from export.families.waveglow.verification import probe_mel, probe_noise, vocoded
from export.onnx_graph import Graph
from export.verification import max_abs, relative_l2

from .voices import MEL, waveglow

pytestmark = pytest.mark.parity

FRAMES = (7, 1, 3, 12)
HOP = 256
TAPS = 4  # frames that NeMo's upsampling reads


def interpolate(model, span: int) -> None:
    """Make the upsampling mix all bands over a few frames, and every column combine `span` such mixtures."""
    upsample, group = model.waveglow.upsample, model.waveglow.n_group
    mels, columns = MEL["nfilt"], HOP // group
    generator = torch.Generator().manual_seed(span)
    kernel = torch.randn(mels, mels, TAPS - span + 1, group, generator=generator) * 0.05
    weights = torch.randn(span, columns, generator=generator)
    weight = torch.zeros(mels, mels, TAPS, columns, group)
    for shift in range(span):
        mixed = torch.einsum("imjg,q->imjqg", kernel, weights[shift])
        weight[:, :, shift : shift + TAPS - span + 1] += mixed
    with torch.no_grad():
        upsample.weight.copy_(weight.view(upsample.weight.shape))


@pytest.fixture(
    scope="module",
    params=[
        ("folded", 8, InterpolatedConditioning),
        ("folded", 16, InterpolatedConditioning),
        ("general", 8, UpsampledConditioning),
    ],
    ids=lambda parameter: f"{parameter[0]}, groups of {parameter[1]}",
)
def vocoder(request, tmp_path_factory):
    """A model and its graph."""
    form, group, conditioning = request.param
    model = waveglow(folded=form == "folded", n_group=group)
    module = WaveGlowNetwork(model.waveglow).eval()
    assert isinstance(module.conditioning, conditioning)
    path = tmp_path_factory.mktemp("graph") / "model.onnx"
    write_waveglow(module, path)
    return model, Graph(path)


def test_every_row_of_a_batch_equals_nemo_alone(vocoder):
    model, graph = vocoder
    group = model.waveglow.n_group
    mels = [probe_mel(MEL["nfilt"], frames) for frames in FRAMES]
    noise = [probe_noise(group, frames * HOP // group, 0.8) for frames in FRAMES]
    for mel, z, row in zip(mels, noise, vocoded(graph, mels, noise), strict=True):
        expected = nemo_audio(model, mel, z)
        assert row.shape == expected.shape == (mel.shape[1] * HOP,)
        assert relative_l2(row, expected) <= 1e-5


def test_empty_row_is_silence_and_leaves_its_neighbour_alone(vocoder):
    model, graph = vocoder
    group = model.waveglow.n_group
    mel, z = probe_mel(MEL["nfilt"], 3), probe_noise(group, 3 * HOP // group, 1.0)
    empty, beside = vocoded(graph, [mel[:, :0], mel], [z[:, :0], z])
    assert empty.size == 0
    assert max_abs(beside, vocoded(graph, [mel], [z])[0]) <= 1e-6


@pytest.mark.parametrize("span", [1, 2, 3, 4])
def test_any_interpolation_between_frames_is_recognised(span, tmp_path):
    model = waveglow(folded=False)
    interpolate(model, span)
    weights, kernel = interpolation(model.waveglow.upsample, model.waveglow.n_group)
    assert (len(weights), kernel.shape[2]) == (span, TAPS - span + 1)
    write_waveglow(WaveGlowNetwork(model.waveglow).eval(), tmp_path / "model.onnx")
    mel, z = probe_mel(MEL["nfilt"], 5), probe_noise(8, 5 * HOP // 8, 0.8)
    (audio,) = vocoded(Graph(tmp_path / "model.onnx"), [mel], [z])
    assert relative_l2(audio, nemo_audio(model, mel, z)) <= 1e-5


def test_two_kernels_that_are_not_shifts_of_each_other_are_left_to_the_general_form():
    model = waveglow(folded=False)
    upsample = model.waveglow.upsample
    with torch.no_grad():
        columns = upsample.weight.view(MEL["nfilt"], MEL["nfilt"], TAPS, -1, 8)
        columns[:, :, :, 2:] = columns[:, :, :, :1]
    assert interpolation(upsample, 8) is None


def test_slight_departure_from_interpolation_is_noticed():
    model = waveglow()
    with torch.no_grad():
        model.waveglow.upsample.weight.add_(1e-3 * torch.randn(model.waveglow.upsample.weight.shape))
    assert interpolation(model.waveglow.upsample, model.waveglow.n_group) is None


def test_noise_is_scaled_by_the_caller(vocoder):
    model, graph = vocoder
    group = model.waveglow.n_group
    mel = probe_mel(MEL["nfilt"], 4)
    silent = np.zeros((group, 4 * HOP // group), dtype=np.float32)
    with torch.no_grad():
        expected = model.waveglow(spec=torch.from_numpy(mel)[None], sigma=0.0)[0].numpy()
    assert relative_l2(vocoded(graph, [mel], [silent])[0], expected) <= 1e-5


@pytest.mark.parametrize("folded", [True, False])
def test_chunks_with_context_equal_the_whole_and_with_less_do_not(folded, tmp_path):
    model = waveglow(folded=folded)
    module = WaveGlowNetwork(model.waveglow).eval()
    write_waveglow(module, tmp_path / "model.onnx")
    graph, columns = Graph(tmp_path / "model.onnx"), module.hop // module.group
    random = np.random.default_rng(1)
    mel = random.standard_normal((1, module.mels, 60)).astype(np.float32)
    z = random.standard_normal((1, module.group, 60 * columns)).astype(np.float32)
    chunk = slice(24, 34)

    def cut(context: int) -> np.ndarray:
        frames = slice(chunk.start - context, chunk.stop + context)
        noise = z[:, :, frames.start * columns : frames.stop * columns]
        length = np.array([[frames.stop - frames.start]])
        audio = graph(mel=mel[:, :, frames], mel_length=length, z=noise)["audio"][0]
        return audio[context * module.hop : (context + 10) * module.hop]

    whole = graph(mel=mel, mel_length=np.array([[60]]), z=z)["audio"][0]
    expected = whole[chunk.start * module.hop : chunk.stop * module.hop]
    assert max_abs(cut(module.context_frames), expected) <= 1e-6
    assert max_abs(cut(1), expected) > 1e-6
