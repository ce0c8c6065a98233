"""Prerequisites of measurements: the comparison's requests, and the sweep's repositories."""

import tritonclient.grpc as triton

from perf.alternative.http_api import TRITONE, Client, duration_s
from perf.tune.repository import varied_copy
from perf.tune.settings import Setting
from tritone.server import Ports, ServerOptions, TritonServer
from tritone.server.options import REPOSITORIES


def test_the_comparisons_requests_are_answered_with_text_and_speech(server):
    client = Client(server.http_url)
    spoken = [TRITONE.wav(client.send(TRITONE.synthesis("One two three."))) for _ in range(2)]
    heard = TRITONE.text(client.send(TRITONE.transcription(spoken[0])))
    client.close()
    assert spoken[0] == spoken[1]  # the seed is fixed: rounds are alike
    assert 0.5 < duration_s(spoken[0]) < 5
    assert heard


def test_a_varied_repository_is_served_as_it_says(tmp_path):
    copy = varied_copy(REPOSITORIES[0], tmp_path / "models", {"asr_quartznet": Setting(3, 1).apply})
    options = ServerOptions(repositories=[copy], ports=Ports.free(), extra=["--load-model=asr_quartznet"])
    with TritonServer(options) as running, triton.InferenceServerClient(running.grpc_url) as client:
        config = client.get_model_config("asr_quartznet").config
        log = running.log.read_text()
    assert Setting.of(config, 64) == Setting(3, 1)
    assert log.count("TRITONBACKEND_ModelInstanceInitialize: asr_quartznet") == 3
