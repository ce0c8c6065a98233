"""Shapes come from configs and sidecars, and from nowhere else."""

import json

import onnx
import pytest

from export.errors import EngineError
from export.families import engine_named
from export.recognition.engine import RecognitionLimits
from export.synthesis.limits import VoiceLimits, longest_symbols
from export.tensorrt.plan import task_of
from export.tensorrt.profiles import (
    Range,
    both,
    check_instances,
    check_profiles,
    check_warm_up,
    profiles_of,
    within,
)
from tests.unit.export.tensorrt.conftest import MODELS, NAMES
from tritone.recognition.windows import plan_windows
from tritone.repository.configs import read_config


@pytest.mark.parametrize("name", NAMES)
def test_profiles_of_the_bundled_models_fit_their_graphs_and_configs(bundled, name):
    profiles = profiles_of(engine_named(name), bundled)
    graph = onnx.load(str(bundled.graph(name))).graph
    check_profiles(profiles, graph, name)
    check_warm_up(profiles, bundled.config(name))
    check_instances(profiles, bundled.config(name))
    assert [profile.name for profile in profiles] == ["single", "batch"]


@pytest.mark.parametrize("name", NAMES)
def test_least_best_and_most_are_in_order(bundled, name):
    for profile in profiles_of(engine_named(name), bundled):
        for found in profile.inputs.values():
            assert within(found.best, found)
            assert all(low <= high for low, high in zip(found.least, found.most, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_is_as_large_as_the_server_may_make_it(bundled, name):
    _, batch = profiles_of(engine_named(name), bundled)
    config = bundled.config(name)
    for found in batch.inputs.values():
        assert (found.least[0], found.most[0]) == (1, config.max_batch_size)
        assert found.best[0] == max(config.dynamic_batching.preferred_batch_size)


def test_longest_window_of_recognition_decides(repository, edit):
    edit(
        "asr_windows/config.pbtxt",
        'key: "window_s" value: { string_value: "30" }',
        'key: "window_s" value: { string_value: "12" }',
    )
    single, _ = profiles_of(engine_named("asr_features"), repository)
    assert single.inputs["audio"].most == (1, 12 * 16000)
    single, _ = profiles_of(engine_named("asr_quartznet"), repository)
    assert single.inputs["features"].most == (1, 64, 1216)  # 1201 frames, in buckets of 64


def test_no_planned_window_is_longer_than_the_profile(bundled):
    limits = RecognitionLimits.of(bundled, "asr_quartznet")
    for samples in range(1, 3_000_000, 77_777):
        for window in plan_windows(samples, limits.longest_samples, 4 * 16000, 320):
            assert window.stop - window.start <= limits.longest_samples


def test_features_bucket_and_mels_come_from_the_checkpoint(repository):
    path = repository.folder("asr_features") / "features.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "mels": 80, "bucket_frames": 16}))
    single, _ = profiles_of(engine_named("asr_quartznet"), repository)
    assert single.inputs["features"].least == (1, 80, 16)
    graph = onnx.load(str(repository.graph("asr_quartznet"))).graph
    with pytest.raises(EngineError, match=r"'features': expected shapes like \[1, 80, 16\].*\[-1, 64, -1\]"):
        check_profiles([single], graph, "asr_quartznet")


def test_token_windows_are_padded_as_the_library_pads_them(repository):
    path = repository.folder("punctuation_windows") / "punctuation.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "max_seq_length": 100}))
    single, _ = profiles_of(engine_named("punctuation_bert"), repository)
    assert single.inputs["input_ids"] == Range((1, 16), (1, 112), (1, 112))


def test_slowest_speech_decides_how_many_frames_the_vocoder_gets(bundled):
    limits = VoiceLimits.of(bundled, "tts_waveglow")
    _, batch = profiles_of(engine_named("tts_waveglow"), bundled)
    frames = batch.inputs["mel"].most[2]
    most_made = limits.voice.max_steps * limits.voice.frames_per_step
    assert frames >= most_made / limits.slowest_speed
    assert frames % limits.frames_bucket == 0


@pytest.mark.parametrize("index", range(3))
def test_columns_of_noise_belong_to_the_frames(bundled, index):
    voice = VoiceLimits.of(bundled, "tts_waveglow").voice
    for profile in profiles_of(engine_named("tts_waveglow"), bundled):
        shapes = [
            (found.least, found.best, found.most)[index]
            for found in (profile.inputs["mel"], profile.inputs["z"])
        ]
        assert shapes[1][2] == voice.latent_columns(shapes[0][2])


def test_the_gpu_variant_of_the_vocoder_decides_its_profiles(repository, edit):
    edit("tts_waveglow/configs/tensorrt.pbtxt", "max_batch_size: 4 ", "max_batch_size: 6 ")
    edit(
        "tts_utterances/configs/tensorrt.pbtxt",
        'key: "frames_bucket" value: { string_value: "32" }',
        'key: "frames_bucket" value: { string_value: "64" }',
    )
    _, batch = profiles_of(engine_named("tts_waveglow"), repository)
    assert batch.inputs["mel"].most[0] == 6
    assert batch.inputs["mel"].least == (1, 80, 64)


def test_no_text_of_the_tokenizer_has_more_symbols_than_the_profile(bundled):
    symbols = VoiceLimits.of(bundled, "tts_tacotron2").symbols
    most = longest_symbols(symbols)
    worst = max(symbols.pronunciations.entries.items(), key=lambda item: item[1].count(" ") / len(item[0]))[0]
    for text in ("w w w w " * 30, "internationalisation " * 9, (worst + " ") * 60):
        cut = text[: symbols.longest_utterance_characters - 1].strip() + "."
        assert len(symbols.encode(cut)) <= most


def test_one_profile_where_there_are_no_batches():
    (only,) = both(1, [], lambda batch: {"x": Range.of(batch, 3)}, "model")
    assert only.inputs["x"] == Range((1, 3), (1, 3), (1, 3))


@pytest.mark.parametrize(("most", "preferred"), [(0, []), (8, [16]), (4, [0])])
def test_impossible_batch_sizes_are_refused(most, preferred):
    with pytest.raises(EngineError, match="max_batch_size"):
        both(most, preferred, lambda batch: {}, "model")


def test_warm_up_beyond_the_profiles_is_refused(repository, edit):
    edit("asr_quartznet/configs/tensorrt.pbtxt", "dims: [ 64, 64 ]", "dims: [ 64, 32 ]")
    with pytest.raises(EngineError, match=r"model_warmup 'one bucket of silence'.*got \[1, 64, 32\]"):
        task_of(MODELS[1], repository)


def test_profiles_that_triton_would_not_use_are_refused(repository, edit):
    edit("asr_quartznet/configs/tensorrt.pbtxt", '[ "0", "1" ]', '[ "0" ]')
    with pytest.raises(EngineError, match=r"expected profile \['0', '1'\]"):
        task_of(MODELS[1], repository)


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
    with pytest.raises(EngineError, match=path.rpartition("/")[2]):
        profiles_of(engine_named(model), repository)


def test_parameter_that_is_no_number_is_named(repository, edit):
    edit(
        "asr_windows/config.pbtxt",
        'key: "window_s" value: { string_value: "30" }',
        'key: "window_s" value: { string_value: "all" }',
    )
    with pytest.raises(EngineError, match="'asr_windows', parameter window_s: expected a positive"):
        profiles_of(engine_named("asr_features"), repository)


@pytest.mark.parametrize("name", ["asr_quartznet", "punctuation_bert"])
def test_warm_up_of_onnx_runtimes_tensorrt_provider_covers_the_profiles(bundled, name):
    """The provider takes shapes between the smallest and the largest it has seen; others make it build."""
    config = read_config(bundled.root / name / "configs/cuda.pbtxt")
    least, most = config.model_warmup
    single, _ = profiles_of(engine_named(name), bundled)
    for tensor, found in single.inputs.items():
        assert (least.batch_size, *least.inputs[tensor].dims) == found.least
        assert (most.batch_size, *most.inputs[tensor].dims) == (config.max_batch_size, *found.most[1:])


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
