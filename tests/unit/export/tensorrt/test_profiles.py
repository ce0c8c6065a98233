"""Shapes come from configs and sidecars only."""

import json

import onnx
import pytest

from export.errors import EngineError
from export.families import engine_named
from export.recognition.engine import RecognitionLimits
from export.synthesis.limits import VoiceLimits, longest_symbols
from export.tensorrt.profiles import accepts, check_profiles, profiles_of
from export.tensorrt.spec import EngineSpec
from tests.unit.export.tensorrt.conftest import MODELS, NAMES
from tritone.errors import ArtifactError
from tritone.recognition.windows import plan_windows
from tritone.repository.configs import read_config


@pytest.mark.parametrize("name", NAMES)
def test_profiles_of_the_bundled_models_fit_their_graphs_and_configs(bundled, name):
    profiles = profiles_of(engine_named(name), bundled)
    graph = onnx.load(str(bundled.graph(name))).graph
    check_profiles(profiles, graph, bundled.config(name))
    assert list(profiles) == ["single", "batch"]


@pytest.mark.parametrize("name", NAMES)
def test_minimum_optimum_and_maximum_are_in_order(bundled, name):
    for profile in profiles_of(engine_named(name), bundled).values():
        for shapes in profile.values():
            assert all(accepts(shapes, shape) for shape in shapes)


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_is_as_large_as_the_server_may_make_it(bundled, name):
    batch = profiles_of(engine_named(name), bundled)["batch"]
    config = bundled.config(name)
    for found in batch.values():
        assert (found.min[0], found.max[0]) == (1, config.max_batch_size)
        assert found.opt[0] == max(config.dynamic_batching.preferred_batch_size)


def test_longest_window_of_recognition_decides(repository, window):
    window("12")
    single = profiles_of(engine_named("asr_features"), repository)["single"]
    assert single["audio"].max == (1, 12 * 16000)
    single = profiles_of(engine_named("asr_quartznet"), repository)["single"]
    assert single["features"].max == (1, 64, 1216)  # 1201 frames, in buckets of 64


def test_no_planned_window_is_longer_than_the_profile(bundled):
    limits = RecognitionLimits.of(bundled, "asr_quartznet")
    for samples in range(1, 3_000_000, 77_777):
        for window in plan_windows(samples, limits.longest_samples, 4 * 16000, 320):
            assert window.stop - window.start <= limits.longest_samples


def test_features_bucket_and_mels_come_from_the_checkpoint(repository):
    path = repository.folder("asr_features") / "features.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "mels": 80, "bucket_frames": 16}))
    single = profiles_of(engine_named("asr_quartznet"), repository)["single"]
    assert single["features"].min == (1, 80, 16)
    graph = onnx.load(str(repository.graph("asr_quartznet"))).graph
    with pytest.raises(EngineError, match=r"'features': expected shapes like \[1, 80, 16\].*\[-1, 64, -1\]"):
        check_profiles({"single": single}, graph, repository.config("asr_quartznet"))


def test_token_windows_are_padded_as_the_library_pads_them(repository):
    path = repository.folder("punctuation_windows") / "punctuation.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "max_seq_length": 100}))
    single = profiles_of(engine_named("punctuation_bert"), repository)["single"]
    assert list(single["input_ids"]) == [(1, 16), (1, 112), (1, 112)]


def test_slowest_speech_decides_how_many_frames_the_vocoder_gets(bundled):
    limits = VoiceLimits.of(bundled, "tts_waveglow")
    batch = profiles_of(engine_named("tts_waveglow"), bundled)["batch"]
    frames = batch["mel"].max[2]
    most_made = limits.voice.spectrograms.most_frames(1e9)
    assert frames >= most_made / limits.slowest_speed
    assert frames % limits.frames_bucket == 0


@pytest.mark.parametrize("index", range(3))
def test_columns_of_noise_belong_to_the_frames(bundled, index):
    voice = VoiceLimits.of(bundled, "tts_waveglow").voice
    for profile in profiles_of(engine_named("tts_waveglow"), bundled).values():
        shapes = [tuple(found)[index] for found in (profile["mel"], profile["z"])]
        assert shapes[1][2] == voice.latent_columns(shapes[0][2])


def test_the_gpu_variant_of_the_vocoder_decides_its_profiles(repository, edit):
    edit("tts_waveglow/configs/tensorrt.pbtxt", "max_batch_size: 4 ", "max_batch_size: 6 ")
    edit(
        "tts_utterances/configs/tensorrt.pbtxt",
        'key: "frames_bucket" value: { string_value: "32" }',
        'key: "frames_bucket" value: { string_value: "64" }',
    )
    batch = profiles_of(engine_named("tts_waveglow"), repository)["batch"]
    assert batch["mel"].max[0] == 6
    assert batch["mel"].min == (1, 80, 64)


def test_no_text_of_the_tokenizer_has_more_symbols_than_the_profile(bundled):
    symbols = VoiceLimits.of(bundled, "tts_tacotron2").symbols
    most = longest_symbols(symbols)
    worst = max(symbols.pronunciations.entries.items(), key=lambda item: item[1].count(" ") / len(item[0]))[0]
    for text in ("w w w w " * 30, "internationalisation " * 9, (worst + " ") * 60):
        cut = text[: symbols.longest_utterance_characters - 1].strip() + "."
        assert len(symbols.encode(cut)) <= most


def test_one_profile_where_there_are_no_batches(repository, edit):
    edit("tts_waveglow/configs/tensorrt.pbtxt", "max_batch_size: 4 ", "max_batch_size: 1 ")
    edit("tts_waveglow/configs/tensorrt.pbtxt", "preferred_batch_size: [ 2, 4 ]", "")
    profiles = profiles_of(engine_named("tts_waveglow"), repository)
    assert list(profiles) == ["single"]
    assert [shape[0] for shape in profiles["single"]["mel"]] == [1, 1, 1]


@pytest.mark.parametrize(("largest", "preferred"), [(0, 4), (8, 16), (4, 0)])
def test_impossible_batch_sizes_are_refused(repository, edit, largest, preferred):
    edit("tts_waveglow/configs/tensorrt.pbtxt", "max_batch_size: 4 ", f"max_batch_size: {largest} ")
    edit("tts_waveglow/configs/tensorrt.pbtxt", "[ 2, 4 ]", f"[ {preferred} ]")
    with pytest.raises(EngineError, match="max_batch_size"):
        profiles_of(engine_named("tts_waveglow"), repository)


def test_warm_up_beyond_the_profiles_is_refused(repository, edit):
    edit("asr_quartznet/configs/tensorrt.pbtxt", "dims: [ 64, 64 ]", "dims: [ 64, 32 ]")
    with pytest.raises(EngineError, match=r"model_warmup 'one bucket of silence'.*got \[1, 64, 32\]"):
        EngineSpec.read(MODELS[1], repository)


def test_profiles_that_triton_would_not_use_are_refused(repository, edit):
    edit("asr_quartznet/configs/tensorrt.pbtxt", '[ "0", "1" ]', '[ "0" ]')
    with pytest.raises(EngineError, match=r"expected profile \['0', '1'\]"):
        EngineSpec.read(MODELS[1], repository)


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("asr_features/1/features.json", "asr_quartznet"),
        ("tts_tokenizer/1/tokenizer.json", "tts_tacotron2"),
        ("tts_utterances/1/vocoder.json", "tts_waveglow"),
    ],
)
def test_missing_sidecar_is_named(repository, path, model):
    (repository.root / path).unlink()
    with pytest.raises((ArtifactError, EngineError), match=path.rpartition("/")[2]):
        profiles_of(engine_named(model), repository)


def test_parameter_that_is_not_a_number_is_named(repository, window):
    window("all")
    with pytest.raises(ArtifactError, match="'asr_windows', parameter window_s: expected a positive"):
        profiles_of(engine_named("asr_features"), repository)


@pytest.mark.parametrize("name", ["asr_quartznet", "punctuation_bert"])
def test_warm_up_of_onnx_runtimes_tensorrt_provider_covers_the_profiles(bundled, name):
    """The provider takes shapes between the smallest and the largest it has seen; others make it build."""
    config = read_config(bundled.root / name / "configs/cuda.pbtxt")
    least, most = config.model_warmup
    single = profiles_of(engine_named(name), bundled)["single"]
    for tensor, found in single.items():
        assert (least.batch_size, *least.inputs[tensor].dims) == found.min
        assert (most.batch_size, *most.inputs[tensor].dims) == (config.max_batch_size, *found.max[1:])


def test_onnx_runtimes_tensorrt_provider_keeps_no_engines(bundled):
    """It would know them by names in the graph, which all checkpoints of one architecture share."""
    paths = sorted(bundled.root.glob("*/configs/*.pbtxt"))
    accelerators = [
        accelerator
        for path in paths
        for accelerator in read_config(path).optimization.execution_accelerators.gpu_execution_accelerator
    ]
    assert "tensorrt" in {accelerator.name for accelerator in accelerators}
    assert [one for one in accelerators if "trt_engine_cache_enable" in one.parameters] == []
