"""Reading a `.nemo` archive without NeMo: which class it holds, and its checksum."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.errors import CheckpointError
from tritone.repository.checksums import file_sha256

CONFIG_NAME = "model_config.yaml"


@dataclass(frozen=True)
class Checkpoint:
    """A `.nemo` archive on disk."""

    path: Path  #: the archive
    sha256: str  #: of the whole file, hexadecimal
    class_path: str  #: dotted path of the NeMo model class, as the archive names it
    config: dict[str, Any]  #: model_config.yaml

    @property
    def class_name(self) -> str:
        """The NeMo class without its module."""
        return self.class_path.rpartition(".")[2]

    @classmethod
    def open(cls, path: str | Path) -> Checkpoint:
        """Read configuration and checksum; the weights stay in the archive.

        Raises:
            CheckpointError: the file is missing, not a NeMo archive, or its configuration names no class.
        """
        path = Path(path)
        if not path.is_file():
            raise CheckpointError(
                f"checkpoint: expected a .nemo file or a published name, but {path} is neither; check the "
                "path, or list the names with `make fetch-checkpoints`."
            )
        config = _read_config(path)
        # Archives of the first NeMo releases keep everything one level down.
        config = config.get("model", config) if "target" not in config else config
        class_path = config.get("target")
        if not isinstance(class_path, str):
            raise CheckpointError(
                f"checkpoint: {path.name} does not name its model class (no `target` in {CONFIG_NAME}); "
                "restore it with NeMo and save it again."
            )
        return cls(path=path, sha256=file_sha256(path), class_path=class_path, config=config)


def _read_config(path: Path) -> dict[str, Any]:
    import yaml  # not installed where engines are built, which import the families too

    try:
        with tarfile.open(path, "r:*") as archive:
            for member in archive:
                if Path(member.name).name == CONFIG_NAME and member.isfile():
                    stream = archive.extractfile(member)
                    config = yaml.safe_load(stream.read()) if stream else None
                    break
            else:
                raise CheckpointError(
                    f"checkpoint: {path.name} has no {CONFIG_NAME}, so NeMo's save_to() did not write it."
                )
    except (tarfile.TarError, EOFError, OSError) as error:
        raise CheckpointError(
            f"checkpoint: {path.name} is not a readable .nemo archive ({error}); download or copy it again."
        ) from error
    except yaml.YAMLError as error:
        raise CheckpointError(f"checkpoint: {CONFIG_NAME} in {path.name} is not valid YAML.") from error
    if not isinstance(config, dict):
        raise CheckpointError(f"checkpoint: {CONFIG_NAME} in {path.name} is empty.")
    return config
