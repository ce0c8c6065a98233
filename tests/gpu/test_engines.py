"""Engines on the GPU compute what the graphs compute, and Triton serves them."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import soundfile

from export.families import engine_models, engine_named
from export.tensorrt.engine import Engine
from export.tensorrt.making import Graphs, leave_to_runtime, make
from export.tensorrt.plan import task_of
from export.tensorrt.samples import samples_of
from export.tensorrt.store import installed
from export.tensorrt.verification import compare
from tritone.server import Ports, ServerOptions, TritonServer
from tritone.server.options import REPOSITORIES

pytestmark = [pytest.mark.gpu, pytest.mark.timeout(3600)]


@pytest.fixture(scope="session", params=engine_models(), ids=lambda model: model.name)
def made(request, workshop):
    """A model with its engine, built or taken from the cache."""
    task = task_of(request.param, workshop.repository)
    make(task, workshop)
    return task


def engine_of(task, workshop):
    plan = installed(task.folder, task.key(workshop.device, workshop.options)).plan.read_bytes()
    return Engine(workshop.trt, workshop.cuda, task.model.name, plan, task.profiles)


def test_engine_passes_its_verification_when_loaded_again(made, workshop):
    graphs, name = Graphs(workshop.repository), made.model.name
    samples = samples_of(made.model, workshop.repository, graphs.made_by)
    checks = compare(made.model, samples, engine_of(made, workshop), lambda arrays: graphs(name, arrays))
    assert [check for check in checks if not check.passed] == []


def test_engine_takes_the_corners_of_its_profiles(made, workshop):
    """Zeros of the least and the most shape of every profile, in whole numbers and in float32."""
    engine = engine_of(made, workshop)
    graph = Graphs(workshop.repository)
    kinds = {
        name: array.dtype
        for name, array in samples_of(made.model, workshop.repository, graph.made_by)[1].inputs.items()
    }
    for profile in made.profiles:
        for corner in ("least", "most"):
            shapes = {name: getattr(found, corner) for name, found in profile.inputs.items()}
            outputs = engine({name: np.zeros(shape, kinds[name]) for name, shape in shapes.items()})
            assert all(array.shape[0] == next(iter(shapes.values()))[0] for array in outputs.values())


def test_row_in_a_batch_equals_the_row_alone(made, workshop):
    """To the tolerance that the engine has against the graph; kernels for batches are others."""
    graphs = Graphs(workshop.repository)
    engine = engine_of(made, workshop)
    (batch, _) = samples_of(made.model, workshop.repository, graphs.made_by)
    together = engine(batch.inputs)

    def rows(arrays):
        return {key: array[:1] for key, array in arrays.items()}

    def first_of_batch(_):
        return rows(together)

    alone = [type(batch)("alone", rows(batch.inputs))]
    assert [check for check in compare(made.model, alone, first_of_batch, engine) if not check.passed] == []


def test_second_call_builds_nothing(made, workshop):
    assert make(made, workshop) == "up to date"


def test_decoder_stops_when_all_rows_have_ended(workshop):
    """Else a short text would cost as much as the longest."""
    task = task_of(engine_named("tts_tacotron2"), workshop.repository)
    make(task, workshop)
    engine = engine_of(task, workshop)
    arrays = task.model.arrays(workshop.repository, Graphs(workshop.repository).made_by)
    assert (engine(arrays)["mel_length"] < arrays["dropout"].shape[1]).any()


@pytest.mark.parametrize("variant", ["tensorrt", "cuda"])
def test_triton_serves_the_variant(variant, workshop, tmp_path):
    """Both directions through the public pipelines; models without an engine are left to ONNX Runtime."""
    if shutil.which("tritonserver") is None:
        pytest.skip("tritonserver: expected NVIDIA's with its native backends on PATH; run in its image")
    from tritone_client import Client

    for model in engine_models() if variant == "tensorrt" else ():
        task = task_of(model, workshop.repository)
        try:
            make(task, workshop)
        except Exception as error:  # what serves instead is part of this test; test_engine_* tell of failures
            print(error)
            leave_to_runtime(model.name, workshop.repository, [task], workshop.device)
    options = ServerOptions(
        repositories=(workshop.repository.root, *REPOSITORIES[1:]),
        ports=Ports.free(),
        model_config_name=variant,
    )
    text = "He does not appear to have been able to establish meaningful relationships."
    with TritonServer(options) as server, Client(server.grpc_url) as client:
        speech = client.synthesize(text, seed=7)
        soundfile.write(tmp_path / "spoken.wav", speech.samples, speech.sample_rate_hz)
        heard = client.transcribe(tmp_path / "spoken.wav").transcript
    assert len(set(heard.split()) & set(text.lower().rstrip(".").split())) >= 6
