import json
import subprocess
from pathlib import Path

import pytest
import yaml
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from perf.tune.candidates import MODELS as COMPUTING
from perf.tune.model_analyzer.command import OWN
from perf.tune.model_analyzer.plan import MODELS, SearchSite, adapted, read_search
from perf.tune.model_analyzer.summary import TABLE, best_variant, lines_to_paste
from perf.tune.settings import TuneError
from tritone.repository.configs import read_config
from tritone.server import Ports
from tritone.server.options import REPOSITORIES

# Reads a configuration as `model-analyzer profile -f` does, and prints what it understood.
PARSE = """
import json, sys
from model_analyzer.cli.cli import CLI
from model_analyzer.config.input.config_command_profile import ConfigCommandProfile
cli = CLI()
cli.add_subcommand(cmd="profile", help="", config=ConfigCommandProfile())
_, config = cli.parse(["profile", "-f", sys.argv[1]])
print(json.dumps({
    "mode": config.run_config_search_mode,
    "models": [[model.model_name(), model.cpu_only(), model.parameters(), model.model_config_parameters(),
                sorted(model.constraints()), model.objectives()] for model in config.profile_models],
}))
"""


@pytest.fixture
def place(tmp_path):
    for name in ("models", "server", "analyzer"):
        (tmp_path / name).mkdir()
    for name in ("server/tritonserver", "analyzer/perf_analyzer"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    return SearchSite(
        models=tmp_path / "models",
        results=tmp_path,
        input_data=tmp_path / "input.json",
        server=tmp_path / "server/tritonserver",
        server_flags={"backend-directory": "/backends"},
        server_environment={"OMP_NUM_THREADS": "1"},
        analyzer=tmp_path / "analyzer/perf_analyzer",
        ports=Ports(1, 2, 3),
    )


def test_there_is_a_search_for_every_model_that_computes():
    assert set(MODELS) == set(COMPUTING)


@pytest.mark.parametrize("model", MODELS)
def test_a_search_is_about_the_model_it_is_named_after(model):
    assert list(read_search(model)["profile_models"]) == [model]


@pytest.mark.parametrize("model", MODELS)
def test_batches_are_never_smaller_than_what_callers_send_nor_larger_than_the_config_allows(model):
    config = read_config(REPOSITORIES[0] / model / "config.pbtxt")
    callers = {
        "punctuation_bert": ("punctuation_windows", "windows_per_batch"),
        "tts_tacotron2": ("tts_utterances", "utterances_per_batch"),
    }
    smallest = 1
    if model in callers:
        caller, parameter = callers[model]
        parameters = read_config(REPOSITORIES[0] / caller / "config.pbtxt").parameters
        smallest = int(parameters[parameter].string_value)
    searched = read_search(model)["profile_models"][model]["model_config_parameters"]["max_batch_size"]
    assert smallest <= min(searched)
    assert max(searched) <= config.max_batch_size


def test_on_a_gpu_the_search_stays_as_it_is(place):
    search = read_search("asr_quartznet")
    spec = adapted(search, place, cpu=False, quick=False)["profile_models"]["asr_quartznet"]
    flags = spec.pop("perf_analyzer_flags")
    assert spec == search["profile_models"]["asr_quartznet"]
    assert flags == {"input-data": str(place.input_data)}


def test_on_a_cpu_nothing_of_a_gpu_is_left(place):
    whole = adapted(read_search("asr_quartznet"), place, cpu=True, quick=False)
    spec = whole["profile_models"]["asr_quartznet"]
    assert spec["cpu_only"] is True
    assert spec["constraints"] == {"perf_latency_p99": {"max": 200}}
    assert [group["kind"] for group in spec["model_config_parameters"]["instance_group"]] == ["KIND_CPU"]
    assert whole["collect_cpu_metrics"] is True


def test_quick_leaves_two_instance_counts_and_one_of_everything_else(place):
    whole = adapted(read_search("punctuation_bert"), place, cpu=True, quick=True)
    spec = whole["profile_models"]["punctuation_bert"]
    assert spec["parameters"] == {"batch_sizes": [1], "concurrency": [4]}
    assert spec["model_config_parameters"] == {
        "max_batch_size": [16],
        "instance_group": [{"kind": "KIND_CPU", "count": [1, 2]}],
        "dynamic_batching": {"max_queue_delay_microseconds": [0]},
    }


def test_adapting_leaves_the_search_alone(place):
    search = read_search("asr_features")
    adapted(search, place, cpu=True, quick=True)
    assert search == read_search("asr_features")


def test_an_unknown_model_is_named():
    with pytest.raises(TuneError, match="got 'asr_whisper'"):
        read_search("asr_whisper")


@pytest.mark.skipif(
    not OWN.exists(),
    reason="Model Analyzer is not installed: `python3 tools/environment.py model-analyzer` installs it",
)
@pytest.mark.parametrize("cpu", [True, False])
def test_model_analyzers_own_parser_takes_every_search(place, cpu):
    whole = adapted(read_search(MODELS[0]), place, cpu, quick=False)
    for model in MODELS:
        whole["profile_models"] |= adapted(read_search(model), place, cpu, False)["profile_models"]
    file = place.results / "search.yaml"
    file.write_text(yaml.safe_dump(whole))
    parsed = subprocess.run(
        [OWN.with_name("python"), "-c", PARSE, file], capture_output=True, text=True, cwd=place.results
    )
    assert parsed.returncode == 0, parsed.stdout + parsed.stderr
    understood = json.loads(parsed.stdout.splitlines()[-1])
    assert understood["mode"] == "brute"
    for name, on_cpu, parameters, searched, constraints, objectives in understood["models"]:
        spec = whole["profile_models"][name]
        assert on_cpu or not cpu  # without a GPU, it searches on the CPU in any case
        assert parameters["concurrency"] == [4, 16, 64]
        assert searched["max_batch_size"] == [spec["model_config_parameters"]["max_batch_size"]] or (
            searched["max_batch_size"] == spec["model_config_parameters"]["max_batch_size"]
        )
        assert constraints == sorted(spec["constraints"])
        assert objectives == spec["objectives"]
    assert {model[0] for model in understood["models"]} == set(MODELS)


HEADER = "Model,Batch,Concurrency,Model Config Path,Satisfies Constraints\n"


def written(folder: Path, *rows: str) -> Path:
    table = folder / TABLE
    table.parent.mkdir(parents=True)
    table.write_text(HEADER + "".join(f"asr_features,1,4,{row}\n" for row in rows) + "\n")
    return folder


def test_the_first_variant_within_the_constraints_is_best(tmp_path):
    assert (
        best_variant(written(tmp_path, "a_config_3,No", "a_config_1,Yes", "a_config_2,Yes")) == "a_config_1"
    )


@pytest.mark.parametrize("rows", [None, ["a_config_3,No"]])
def test_no_such_variant_is_an_error(tmp_path, rows):
    if rows is not None:
        written(tmp_path, *rows)
    with pytest.raises(TuneError, match="found none"):
        best_variant(tmp_path)


def test_only_what_was_searched_is_to_be_pasted(tmp_path):
    folder = written(tmp_path, "a_config_1,Yes") / "models/a_config_1"
    folder.mkdir(parents=True)
    (folder / "config.pbtxt").write_text(
        'name: "a" max_batch_size: 8 input { name: "x" } instance_group { count: 2 kind: KIND_GPU } '
        "dynamic_batching { max_queue_delay_microseconds: 500 }"
    )
    lines = lines_to_paste(tmp_path)
    assert lines.startswith("# a_config_1\n")
    pasted = text_format.Parse(lines, model_config_pb2.ModelConfig())
    assert pasted == text_format.Parse(
        "max_batch_size: 8 instance_group { count: 2 kind: KIND_GPU } "
        "dynamic_batching { max_queue_delay_microseconds: 500 }",
        model_config_pb2.ModelConfig(),
    )


def test_a_default_that_is_best_is_left_alone(tmp_path):
    assert lines_to_paste(written(tmp_path, "a_config_default,Yes")) == "# the present config is best\n"
