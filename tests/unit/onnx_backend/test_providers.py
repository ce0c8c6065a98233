from pathlib import Path

import pytest
from google.protobuf.json_format import MessageToDict

from tritone.errors import ArtifactError
from tritone.onnx_backend.providers import CPU, CUDA, execution_providers, require_used
from tritone.repository.configs import read_config

ROOT = Path(__file__).resolve().parents[3]

CUDA_VARIANTS = sorted(
    path
    for path in ROOT.glob("model_repository/*/configs/cuda.pbtxt")
    if read_config(path).backend == "onnxruntime"
)
BOTH = ["TensorrtExecutionProvider", CUDA, CPU]


def config(**parameters):
    return {
        "name": "net",
        "parameters": {name: {"string_value": value} for name, value in parameters.items()},
    }


def test_cpu_instances_use_the_cpu_in_every_build():
    assert execution_providers(config(), "CPU", "0", BOTH) == [CPU]


def test_an_instance_uses_the_gpu_that_triton_assigned_to_it():
    (name, options), last = execution_providers(config(), "GPU", "1", BOTH)
    assert (name, last) == (CUDA, CPU)
    assert options == {"device_id": "1", "use_tf32": "1"}


def test_numbers_of_the_native_backend_are_translated():
    (_, options), _ = execution_providers(
        config(cudnn_conv_algo_search="1", arena_extend_strategy="1"), "GPU", "0", BOTH
    )
    assert options["cudnn_conv_algo_search"] == "HEURISTIC"
    assert options["arena_extend_strategy"] == "kSameAsRequested"
    with pytest.raises(
        ArtifactError, match="parameter cudnn_conv_algo_search: expected one of 0, 1, 2, got '7'"
    ):
        execution_providers(config(cudnn_conv_algo_search="7"), "GPU", "0", BOTH)


def test_a_gpu_instance_is_rejected_if_onnx_runtime_cannot_use_it():
    with pytest.raises(
        ArtifactError, match=f"instance_group: expected an ONNX Runtime with {CUDA}.*make setup GPU=1"
    ):
        execution_providers(config(), "GPU", "0", [CPU])


def test_a_fallback_to_the_cpu_is_rejected():
    wanted = execution_providers(config(), "GPU", "0", BOTH)
    require_used(config(), wanted, [CUDA, CPU])
    with pytest.raises(ArtifactError, match=f"expected {CUDA}, ONNX Runtime could not load it"):
        require_used(config(), wanted, [CPU])


@pytest.mark.parametrize("path", CUDA_VARIANTS, ids=lambda path: path.parts[-3])
def test_every_cuda_variant_can_be_read(path):
    read = MessageToDict(read_config(path), preserving_proto_field_name=True)
    (_, options), _ = execution_providers(read, "GPU", "0", BOTH)
    assert options["cudnn_conv_algo_search"] == "HEURISTIC"
    assert options["use_tf32"] in ("0", "1")
