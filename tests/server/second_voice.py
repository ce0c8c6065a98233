"""A small FastPitch of three speakers and a HiFi-GAN, of random weights, as a voice beside the bundled one.

The exporters made its graphs; tests/parity/test_voice_sets.py writes them again.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from export.configs import fit_configs, graph_dims, write_configs
from export.model_set import ModelSet, without_parameter
from tritone.repository.input_limits import raised_limits

ROOT = Path(__file__).resolve().parents[2]
VOICE = ROOT / "tests/server/voice"
NAMES = {
    "tts_tokenizer": "tts_tokenizer_second",
    "tts_utterances": "tts_utterances_second",
    "text_to_speech_stream": "text_to_speech_stream_second",
    "tts_tacotron2": "tts_fastpitch_second",
    "tts_waveglow": "tts_hifigan_second",
}
TEMPLATES = {
    f"{model}_second": ROOT / "export/families" / model.removeprefix("tts_") / model
    for model in ("tts_fastpitch", "tts_hifigan")
}


def install(repository: Path, ensembles: Path) -> None:
    """Add it to copies of both repositories, under the name `second`."""
    made = ModelSet(repository, ensembles, NAMES, "_second", templates=TEMPLATES)
    made.create(lambda name, text: without_parameter(text, "denoiser_model"))
    for path in VOICE.glob("*/*"):
        shutil.copyfile(path, repository / f"{path.parent.name}_second/1/{path.name}")
    fit_configs(repository, {model: graph_dims(repository / model / "1/model.onnx") for model in TEMPLATES})
    write_configs(raised_limits(repository))
