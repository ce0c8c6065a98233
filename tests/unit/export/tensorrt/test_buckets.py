"""The variants for a GPU pad more, so that requests share batches; that changes no result."""

import numpy as np

from export.synthesis.voice import installed_voice
from export.tensorrt.samples import graph_outputs, reference_outputs
from tritone.repository.configs import read_config
from tritone.synthesis.parameters import SynthesisParameters
from tritone.synthesis.utterances import Utterance
from tritone.synthesis.vocoding import Vocoder


def bucket(root, config):
    return int(read_config(root / "tts_utterances" / config).parameters["frames_bucket"].string_value)


def test_padded_frames_change_no_sample(bundled):
    voice = installed_voice(bundled.root)
    sizes = {
        config: bucket(bundled.root, config)
        for config in ("config.pbtxt", "configs/tensorrt.pbtxt", "configs/cuda.pbtxt")
    }
    assert sizes == {"config.pbtxt": 1, "configs/tensorrt.pbtxt": 32, "configs/cuda.pbtxt": 32}
    spoken = reference_outputs(bundled, "tts_tacotron2")
    frames = int(spoken["mel_length"][3, 0]) - 5
    assert frames % 32
    graph = bundled.graph("tts_waveglow").read_bytes()

    def vocode(mel, mel_length, z):
        return [graph_outputs(graph, {"mel": mel, "mel_length": mel_length, "z": z})["audio"]]

    utterance = Utterance(0, 0, np.arange(3), 0.0)
    made = [
        Vocoder(voice, vocode, denoise=None, frames_bucket=size).audio(
            utterance, spoken["mel"][3, :, :frames], 5, SynthesisParameters()
        )
        for size in sizes.values()
    ]
    for samples in made[1:]:
        np.testing.assert_allclose(samples, made[0], rtol=0, atol=1e-5)
