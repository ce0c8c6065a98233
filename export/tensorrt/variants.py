"""Which backend serves a model under the variant `tensorrt`: its engine, or ONNX Runtime on the same GPU.

Triton reads a variant's configuration from one file. Where a model has no engine, that file is renamed and
ONNX Runtime's takes its place: one variant name serves every model. A later engine restores it.
"""

from __future__ import annotations

import os
from pathlib import Path

from export.errors import EngineError
from export.whole_file import write_whole

ENGINE, RUNTIME = "tensorrt.pbtxt", "cuda.pbtxt"
UNUSED = f"{ENGINE}.unused"
MARK = "# This model has no engine: ONNX Runtime serves it. `make engines` restores the file.\n"


def serve_with_runtime(model: Path) -> None:
    """Have ONNX Runtime serve a model.

    Raises:
        EngineError: the model has no configuration for that.
    """
    configs = model / "configs"
    if fallen_back(model):
        return
    if not (configs / RUNTIME).is_file():
        raise EngineError(
            f"{configs / RUNTIME}: expected the configuration for ONNX Runtime, found none; restore the file."
        )
    os.replace(configs / ENGINE, configs / UNUSED)
    write_whole(configs / ENGINE, MARK.encode() + (configs / RUNTIME).read_bytes())


def serve_with_engine(model: Path) -> None:
    """Have its engine serve a model again."""
    if fallen_back(model):
        os.replace(model / "configs" / UNUSED, model / "configs" / ENGINE)


def fallen_back(model: Path) -> bool:
    """Whether ONNX Runtime serves a model because it has no engine."""
    return (model / "configs" / UNUSED).is_file()


def engine_config(model: Path) -> Path:
    """The configuration that the engine is served with, renamed or not."""
    unused = model / "configs" / UNUSED
    return unused if unused.is_file() else model / "configs" / ENGINE
