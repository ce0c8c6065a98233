"""The wheel of silero-vad: its graphs, their weights and its licence."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.errors import ChecksumError, DownloadError
from tritone.repository.checksums import file_sha256

VERSION = "6.2.3"
SHA256 = "7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8"
_ORIGINAL = "silero_vad/data/silero_vad.onnx"  # what the package itself runs, chunk by chunk
_WEIGHTS = "silero_vad/data/silero_vad_16k_sequence.onnx"  # the same weights for 16 kHz, with names
_LICENCE = f"silero_vad-{VERSION}.dist-info/licenses/LICENSE"


@dataclass(frozen=True)
class Wheel:
    """What is taken from the wheel."""

    original: bytes  #: the graph that the package runs
    weights: dict[str, Any]  #: numpy arrays by name; those of the LSTM's operator as "W", "R" and "B"
    licence: bytes  #: MIT, with the copyright notice that copies must carry

    @classmethod
    def open(cls, path: Path) -> Wheel:
        """Read the wheel.

        Raises:
            ChecksumError: it is another file than the one that this recipe was written for.
        """
        if not path.is_file() or file_sha256(path) != SHA256:
            raise ChecksumError(
                f"{path.name}: expected the wheel of silero-vad {VERSION} with SHA-256 {SHA256}, got another "
                f"file or none; download it with `pip download --no-deps silero-vad=={VERSION}`."
            )
        with zipfile.ZipFile(path) as archive:
            return cls(archive.read(_ORIGINAL), _weights(archive.read(_WEIGHTS)), archive.read(_LICENCE))


def download(folder: Path) -> Path:
    """Download the wheel with pip.

    Raises:
        DownloadError: pip failed.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
    finished = subprocess.run([*command, f"silero-vad=={VERSION}"], capture_output=True, text=True)
    if finished.returncode:
        raise DownloadError(
            f"silero-vad {VERSION}: expected pip to download it, got {finished.stderr.strip()[-300:]!r}; "
            "give the path of the wheel."
        )
    return next(folder.glob("silero_vad-*.whl"))


def _weights(graph: bytes) -> dict[str, Any]:
    import onnx
    from onnx import numpy_helper

    parsed = onnx.load_from_string(graph).graph
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in parsed.initializer}
    (lstm,) = [node for node in parsed.node if node.op_type == "LSTM"]
    return arrays | {name: arrays[of] for name, of in zip("WRB", lstm.input[1:4], strict=True)}
