"""Requests for every model, made with a server whose networks return zeros of the right shapes."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from export.model_set import ModelSet
from perf.instruments.errors import MeasurementError, UsageError
from perf.instruments.inputs.model_requests import make_requests
from perf.instruments.inputs.sources import read_sources
from perf.instruments.inputs.stages import Stages
from perf.instruments.layout import MAIN, PIPELINES, Layout
from perf.instruments.paths import RECORDINGS, TEXTS
from tritone.audio.decoding import decode_audio
from tritone.contract import is_stream
from tritone.repository.configs import read_repositories
from tritone.server.options import REPOSITORIES

CONFIGS = {folder.name: folder for folder in read_repositories(REPOSITORIES)}
DTYPES = {"FP32": np.float32, "INT64": np.int64, "INT32": np.int32, "BYTES": object}
HOP = 256
KNOWN = Layout.read(REPOSITORIES[0]).known


class ShapesOnly:
    """A connection without networks: right names, shapes and types."""

    def __init__(self, transcripts=(b"hello there", b"")):
        self.calls = []
        self._transcripts = transcripts

    def models(self):
        return dict.fromkeys(CONFIGS, 1)

    def parameters(self, model):
        entries = CONFIGS[model].config.parameters
        parameters = {name: {"string_value": value.string_value} for name, value in entries.items()}
        return {"model_name": model, "model_config": json.dumps({"parameters": parameters})}

    def infer(self, model, arrays, parameters=None):
        self.calls.append(model)
        return getattr(self, model)(**arrays)

    def audio_decoder(self, audio_bytes):
        audio = decode_audio(audio_bytes[0, 0], 600)
        return {"audio": audio[None], "audio_length": np.array([[audio.size]])}

    def asr_features(self, audio, audio_length):
        frames = audio.shape[1] // 160
        return {
            "features": np.zeros((1, 64, frames), np.float32),
            "features_length": np.array([[frames]]),
        }

    def asr_quartznet(self, features, features_length):
        frames = features.shape[2] // 2
        return {
            "log_probs": np.zeros((1, frames, 29), np.float32),
            "log_probs_length": np.array([[frames]]),
        }

    def voice_activity(self, audio, context, state):
        chunks = -(-audio.shape[1] // 512)
        return {
            "speech_probability": np.ones((1, chunks), np.float32),
            "next_context": context,
            "next_state": state,
        }

    def asr_windows(self, audio, audio_length):
        frames = audio.shape[1] // 320
        return {
            "log_probs": np.zeros((1, frames, 29), np.float32),
            "labels": np.arange(29, dtype=np.int32)[None, None],
            "log_probs_length": np.array([[frames]]),
        }

    def asr_ctc_decoder(self, log_probs, labels, log_probs_length, audio_length):
        text = self._transcripts[self.calls.count("asr_ctc_decoder") % len(self._transcripts)]
        transcript = np.array([[text]], dtype=object)
        return {
            "transcript": transcript,
            "transcript_to_punctuate": transcript,
            "word_times": np.ones((1, len(text.split()), 3), np.float32),
        }

    def punctuation_windows(self, transcript):
        return {"text_to_write": transcript}

    def text_validator(self, transcript):
        return {"valid_transcript": transcript}

    def format_validator(self, format, text):
        return {"valid_format": format, "text_to_speak": text}

    def punctuation_bert(self, input_ids, attention_mask):
        return {
            "punct_logits": np.zeros((*input_ids.shape, 4), np.float32),
            "capit_logits": np.zeros((*input_ids.shape, 2), np.float32),
        }

    def tts_tokenizer(self, text):
        return {
            "symbols": np.ones((1, 2, 10), np.int64),
            "symbols_length": np.array([[10, 7]]),
            "pause_s": np.array([[0.3, 0.0]], np.float32),
        }

    def tts_utterances(self, symbols, symbols_length, pause_s):
        samples = HOP * 20
        return {
            "audio": np.zeros((1, samples), np.float32),
            "audio_length": np.array([[samples]]),
            "sample_rate_hz": np.array([[16000]], np.int32),
        }

    def tts_tacotron2(self, symbols, symbols_length, dropout):
        batch = len(symbols)
        return {"mel": np.zeros((batch, 80, 12), np.float32), "mel_length": np.full((batch, 1), 10)}

    def tts_waveglow(self, mel, mel_length, z):
        return {"audio": np.zeros((1, mel.shape[2] * HOP), np.float32)}

    def tts_denoiser(self, audio, audio_length, strength):
        return {"audio": audio}


@pytest.fixture(scope="module")
def sources():
    return read_sources(RECORDINGS, TEXTS, 5)


@pytest.fixture(scope="module")
def stages(sources):
    return Stages(ShapesOnly(), sources, REPOSITORIES[0])


def test_every_served_model_but_streams_has_requests():
    assert set(KNOWN) == {model for model in CONFIGS if not is_stream(model)}
    assert set(MAIN) < set(PIPELINES)
    assert tuple(KNOWN[: len(MAIN)]) == MAIN


@pytest.mark.parametrize("model", KNOWN)
def test_requests_are_what_the_config_declares(model, stages):
    declared = CONFIGS[model].inputs
    made = make_requests(model, stages)
    assert made.model == model
    for request in made.requests:
        assert set(request.tensors) == set(declared)
        for name, array in request.tensors.items():
            assert array.dtype == DTYPES[declared[name].dtype], name
            assert array.ndim == len(declared[name].dims), name
            for size, expected in zip(array.shape, declared[name].dims, strict=True):
                assert expected in (-1, size), name
    assert made.described().count == len(made.requests)


def test_seconds_of_audio_are_counted_for_models_with_audio(stages):
    silent = {model for model in KNOWN if make_requests(model, stages).audio_s is None}
    assert silent == {
        "punctuate",
        "text_validator",
        "punctuation_windows",
        "punctuation_bert",
        "written_form",
        "format_validator",
        "tts_tokenizer",
    }
    heard = make_requests("speech_to_text", stages)
    assert {request.audio_s for request in heard.requests} == {
        row["audio_length"][0] / 16000 for row in stages.audio
    }
    assert make_requests("tts_tacotron2", stages).audio_s == pytest.approx(10 * HOP / 16000)


def test_a_long_recording_reaches_the_network_in_windows(sources):
    class OneLong(ShapesOnly):
        def audio_decoder(self, audio_bytes):
            return {"audio": np.zeros((1, 70 * 16000), np.float32), "audio_length": np.array([[70 * 16000]])}

    one = replace(sources, recordings=sources.recordings[:1])
    stages = Stages(OneLong(), one, REPOSITORIES[0])
    made = make_requests("asr_features", stages)
    assert len(made.requests) == 3
    assert max(request.audio_s for request in made.requests) <= 30
    assert len(make_requests("asr_quartznet", stages).requests) == 3
    assert len(make_requests("speech_to_text", stages).requests) == 1


def test_texts_to_write_come_with_the_times_of_their_words(stages, sources):
    made = make_requests("written_form", stages)
    assert len(made.requests) == len(sources.recordings)  # silent ones too
    for request in made.requests:
        assert len(request.tensors["word_times"]) == len(request.tensors["text"][0].split())


def test_utterances_are_single_requests_with_padded_symbols(stages, sources):
    made = make_requests("tts_tacotron2", stages)
    assert len(made.requests) == 2 * len(sources.texts)
    assert {request.tensors["symbols"].shape for request in made.requests} == {(32,)}
    assert {int(request.size) for request in made.requests} == {7, 10}


def test_every_stage_is_computed_once(sources):
    connection = ShapesOnly()
    stages = Stages(connection, sources, REPOSITORIES[0])
    for model in KNOWN:
        make_requests(model, stages)
    for model in ("audio_decoder", "asr_windows", "asr_ctc_decoder"):
        assert connection.calls.count(model) == len(sources.recordings), model
    assert connection.calls.count("tts_tokenizer") == len(sources.texts)


def test_recordings_without_words_are_left_out(stages, sources):
    made = make_requests("punctuate", stages)
    assert 0 < len(made.requests) < len(sources.recordings)
    silent = Stages(ShapesOnly(transcripts=(b"", b" ")), sources, REPOSITORIES[0])
    with pytest.raises(MeasurementError, match="no word"):
        make_requests("punctuate", silent)


def test_a_recording_that_is_refused_is_named(sources):
    refused = sources.recordings[2]

    class Refusing(ShapesOnly):
        def audio_decoder(self, audio_bytes):
            if audio_bytes[0, 0] == refused.read_bytes():
                raise MeasurementError("audio_decoder: expected an answer")
            return super().audio_decoder(audio_bytes)

    with pytest.raises(MeasurementError, match=f"^{refused.name}: audio_decoder: expected an answer"):
        make_requests("speech_to_text", Stages(Refusing(), sources, REPOSITORIES[0]))


def test_another_repository_than_the_served_one_is_named(sources, tmp_path):
    for config in REPOSITORIES[0].glob("*/config.pbtxt"):
        (tmp_path / config.parent.name / "2").mkdir(parents=True)
        shutil.copy(config, tmp_path / config.parent.name)
    with pytest.raises(MeasurementError, match="--repository"):
        make_requests("asr_features", Stages(ShapesOnly(), sources, tmp_path))


def test_an_unknown_model_is_refused_by_name(stages):
    with pytest.raises(UsageError, match="got asr_other"):
        make_requests("asr_other", stages)


def test_models_and_pipelines_of_a_named_set_get_requests(sources, tmp_path, monkeypatch):
    class Both(ShapesOnly):
        def parameters(self, model):
            given = super().parameters(model.removesuffix("_mine"))
            content = given["model_config"].replace('_quartznet"', '_quartznet_mine"')
            return {**given, "model_config": content.replace('_features"', '_features_mine"')}

        def infer(self, model, arrays, parameters=None):
            return super().infer(model.removesuffix("_mine"), arrays, parameters)

    copies = [shutil.copytree(path, tmp_path / path.name) for path in REPOSITORIES]
    parts = ("asr_features", "asr_quartznet", "asr_windows", "asr_ctc_decoder")
    ModelSet(*copies, {part: f"{part}_mine" for part in parts}, "_mine").create()
    shutil.copyfile(copies[0] / "asr_windows/1/windows.json", copies[0] / "asr_windows_mine/1/windows.json")
    monkeypatch.setattr("perf.instruments.layout.REPOSITORIES", copies)
    stages = Stages(Both(), sources, copies[0])
    for model in ("speech_to_text", "audio_to_text", *parts):
        made = make_requests(f"{model}_mine", stages)
        expected = make_requests(model, Stages(ShapesOnly(), sources, REPOSITORIES[0]))
        assert [set(request.tensors) for request in made.requests] == [
            set(request.tensors) for request in expected.requests
        ]
        assert made.audio_s == expected.audio_s
