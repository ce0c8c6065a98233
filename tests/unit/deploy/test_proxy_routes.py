"""The public API is derived from the tree alone."""

from __future__ import annotations

import re
import shutil

import pytest

from deploy.errors import UsageError
from deploy.options import ReleaseOptions
from deploy.proxy_routes import PublicApi, grpc_routes, http_routes, read_public_api
from deploy.smoke import SmokeTest
from deploy.tree import ROOT
from export.model_set import ModelSet
from tritone.contract import PUBLIC
from tritone.server.options import REPOSITORIES

HOUR_BYTES = 3600 * 16_000 * 4  # of samples


def test_pipelines_and_streams_of_the_tree_are_public():
    assert read_public_api(ROOT).pipelines == sorted(PUBLIC)


def test_canaries_are_public_whether_or_not_they_are_served(tmp_path):
    for name in ("punctuate", "punctuate_canary"):
        (tmp_path / "ensembles" / name).mkdir(parents=True)
        (tmp_path / "ensembles" / name / "config.pbtxt").touch()
    api = read_public_api(tmp_path)
    assert api.pipelines == ["punctuate"]
    assert api.names == ["punctuate", "punctuate_canary"]


def test_pipelines_of_a_named_set_are_public_and_its_parts_are_not(tmp_path):
    copies = [shutil.copytree(path, tmp_path / path.name) for path in REPOSITORIES]
    parts = ("asr_features", "asr_quartznet", "asr_windows", "asr_ctc_decoder", "asr_stream")
    ModelSet(*copies, {part: f"{part}_mine" for part in parts}, "_mine").create()
    names = read_public_api(tmp_path).names
    public = {"speech_to_text_mine", "speech_to_text_mine_canary", "audio_to_text_mine", "asr_stream_mine"}
    assert public <= set(names)
    assert {f"{part}_mine" for part in parts} & set(names) == {"asr_stream_mine"}


def test_a_voice_of_a_named_set_may_be_streamed(tmp_path):
    copies = [shutil.copytree(path, tmp_path / path.name) for path in REPOSITORIES]
    parts = ("tts_tokenizer", "tts_utterances", "text_to_speech_stream", "tts_tacotron2", "tts_waveglow")
    ModelSet(*copies, {part: f"{part}_mine" for part in parts}, "_mine").create()
    names = set(read_public_api(tmp_path).pipelines)
    assert {"text_to_speech_stream", "text_to_speech_stream_mine", "text_to_speech_mine"} <= names
    assert not {name for name in names if name.startswith("tts_")}


def test_tree_without_pipelines_is_refused(tmp_path):
    with pytest.raises(UsageError, match="expected public pipelines, found none"):
        read_public_api(tmp_path)


def test_hour_of_samples_is_within_the_limit():
    assert PublicApi(["a"]).largest_body_bytes > HOUR_BYTES
    assert ReleaseOptions(ROOT, SmokeTest([])).body_limit_mib << 20 == PublicApi(["a"]).largest_body_bytes


@pytest.mark.parametrize("limit", [0, 2048])
def test_limit_beyond_that_of_grpc_is_refused(limit):
    with pytest.raises(UsageError, match=f"--body-limit: expected 1 to 2047 MiB.*got {limit}"):
        ReleaseOptions(ROOT, SmokeTest([]), body_limit_mib=limit)


def test_open_paths_match_pipelines_only():
    opened = [
        route["match"]["safe_regex"]["regex"]
        for route in http_routes(PublicApi(["a", "b"]), {})
        if "route" in route
    ]
    for path in ("/v2/models/a/infer", "/v2/models/b_canary/versions/2/infer", "/v2/models/a", "/v2"):
        assert any(re.fullmatch(each, path) for each in opened), path
    for path in (
        "/v2/models/c/infer",
        "/v2/models/a/config",
        "/v2/models/stats",
        "/v2/repository/index",
        "/v2/",
    ):
        assert not any(re.fullmatch(each, path) for each in opened), path


def test_the_header_that_lets_an_error_crash_triton_does_not_pass():
    calls = {route["match"].get("path", ""): route for route in grpc_routes(PublicApi(["a"]), {})}
    (stream,) = [route for path, route in calls.items() if path.endswith("ModelStreamInfer")]
    assert stream["request_headers_to_remove"] == ["triton_grpc_error"]
