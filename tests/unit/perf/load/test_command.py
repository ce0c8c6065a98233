"""The command, up to the point where a server would be started."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from perf.instruments.errors import UsageError
from perf.instruments.inputs.sources import Sources
from perf.load.__main__ import main
from perf.load.alternative import SECTION, TITLE, compared, reason_against
from perf.load.arguments import make_folder, parser, read_settings, read_target
from perf.load.plan import FULL, QUICK, read_concurrencies
from perf.load.session import best_throughput, progress
from tests.unit.perf.examples import example_run


def settings(*words):
    return read_settings(parser().parse_args(words))


def target(*words):
    return read_target(parser().parse_args(words))


def test_without_arguments_the_test_is_full():
    assert settings() == FULL
    assert settings("--quick") == QUICK
    assert target() is None


def test_arguments_change_the_plan():
    chosen = settings(
        "--quick", "--concurrency", "2", "--protocols", "http", "--window", "3", "--trials", "4"
    )
    assert chosen.concurrencies == read_concurrencies("2")
    assert (chosen.protocols, chosen.window_s, chosen.longest_window_s, chosen.trials) == (("http",), 3, 3, 4)
    assert chosen.rates == QUICK.rates


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--protocols", "rest"], "--protocols: expected some of grpc, http, got rest"),
        (["--trials", "2"], "--trials: expected 3 windows"),
        (["--window", "0"], "--window: expected a number above 0"),
        (["--budget", "-1"], "--budget: expected"),
        (["--rates", "much"], "got much"),
    ],
)
def test_invalid_numbers_are_refused(words, named):
    with pytest.raises(UsageError, match=named):
        settings(*words)


def test_a_running_servers_other_endpoints_follow_from_the_first():
    found = target("--url", "node:9001")
    assert (found.grpc_url, found.http_url) == ("node:9001", "node:9000")
    assert found.metrics_url == "http://node:9002/metrics"
    found = target("--url", "a:1", "--http-url", "http://b:2/", "--metrics-url", "c:3/metrics")
    assert (found.http_url, found.metrics_url, found.pid) == ("b:2", "http://c:3/metrics", None)


@pytest.mark.parametrize(
    "words",
    [
        ["--url", "node"],
        ["--url", ":8001"],
        ["--url", "node:port"],
        ["--http-url", "node:1"],
        ["--url", "a:1", "--config", "int8"],
    ],
)
def test_endpoints_that_do_not_fit_are_refused(words):
    with pytest.raises(UsageError, match=r"--url|--config"):
        target(*words)


def test_an_earlier_test_is_replaced_only_on_request(tmp_path):
    folder = tmp_path / "report"
    assert make_folder(folder, False) == folder
    example_run().write(folder)
    (folder / "raw").mkdir()
    for name in ("raw/a.csv", "models.png", "report.md", "README.md"):
        (folder / name).write_text("")
    with pytest.raises(UsageError, match="--replace"):
        make_folder(folder, False)
    make_folder(folder, True)
    assert [path.name for path in folder.iterdir()] == ["README.md"]
    with pytest.raises(UsageError, match=r"found no run\.json"):
        make_folder(folder, True)
    with pytest.raises(UsageError, match="expected a folder"):
        make_folder(folder / "README.md", True)


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (["--recordings", "nowhere"], 2, "--recordings: expected a folder, got nowhere"),
        (["--texts", "nowhere"], 2, "--texts: expected a UTF-8 file of texts, got nowhere"),
        (["--models", "asr_other"], 2, "--models: expected some of speech_to_text"),
        (["--config", "nosuch"], 2, "--config: expected one of"),
        (["--repository", "nowhere"], 2, "--repository: expected a folder of models, got nowhere"),
        (["--concurrency", "0"], 2, "concurrency: expected whole numbers"),
        (["--perf-analyzer", "nowhere"], 1, "perf_analyzer: expected an executable file, got nowhere"),
    ],
)
def test_the_command_says_what_is_wrong(capsys, tmp_path, words, code, named):
    pytest.importorskip("matplotlib", reason="reports need `make perf-setup`")
    assert main([*words, "--output", str(tmp_path / "run")]) == code
    assert named in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_wrong_usage_exits_2():
    for words in (["--inputs", "0"], ["--nothing"], ["--distribution", "even"]):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 2


def test_the_best_throughput_is_of_the_same_model_and_protocol():
    measured, failed = example_run().points
    faster = replace(measured, load="8", throughput=70.0)
    others = [
        replace(faster, protocol="http", throughput=99.0),
        replace(faster, model="other", throughput=99.0),
    ]
    assert best_throughput([measured, failed, faster, *others], "speech_to_text", "grpc") == 70.0
    assert best_throughput([failed], "speech_to_text", "grpc") is None


def test_progress_has_figures_or_the_reason():
    measured, failed = example_run().points
    assert "50 requests/s, p95 28 ms" in progress(measured)
    assert "failed: UNAVAILABLE" in progress(failed)
    assert "unstable" in progress(replace(measured, status="unstable"))


@pytest.mark.parametrize(
    ("requested", "quick", "elsewhere", "complete", "named"),
    [
        (None, False, False, True, ""),
        (True, True, True, False, ""),
        (False, False, False, True, "--no-alternative"),
        (None, True, False, True, "--quick"),
        (None, False, True, True, "running server"),
        (None, False, False, False, "interrupted"),
    ],
)
def test_leaving_the_alternative_out_has_a_reason(requested, quick, elsewhere, complete, named):
    reason = reason_against(requested, quick, elsewhere, complete)
    assert named in reason if named else reason == ""


def test_a_folder_that_cannot_be_created_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="--output: expected to create the folder"):
        make_folder(tmp_path / "file/run", False)


COMPARISON = """
import json, sys
from pathlib import Path
words = sys.argv[1:]
texts = Path(words[words.index("--texts-file") + 1]).read_text().splitlines()
recordings = words[words.index("--recordings") + 1:]
content = {"result": {"inputs": [texts, recordings, "--quick" in words]}, "report": "| a table |"}
Path(words[words.index("--json") + 1]).write_text(json.dumps(content))
"""


def test_the_alternative_is_measured_on_the_same_inputs():
    sources = Sources((Path("/a.wav"), Path("/b.mp3")), ("One.", "Two."), "given")
    run, sections = compared(example_run(), sources, True, [sys.executable, "-c", COMPARISON])
    assert run.sections[SECTION] == {"inputs": [["One.", "Two."], ["/a.wav", "/b.mp3"], True]}
    assert sections == {TITLE: "| a table |"}


def test_an_alternative_that_fails_leaves_the_rest_of_the_run():
    failing = "print('starting'); sys.exit('perf.alternative: audio_bytes: expected at most 3600 s')"
    sources = Sources((), (), "nothing")
    run, sections = compared(example_run(), sources, True, [sys.executable, "-c", f"import sys; {failing}"])
    assert run.skipped[TITLE] == "audio_bytes: expected at most 3600 s"
    assert (run.points, sections) == (example_run().points, {})
