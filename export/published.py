"""Published checkpoints that can be fetched by name, as the families declare them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

UNKNOWN = "unknown"
MB = 1_000_000  # as the hosts count them


@dataclass(frozen=True)
class Host:
    """Where checkpoints are published."""

    name: str  #: in tables
    base_url: str  #: that paths are relative to


NGC = Host("NGC", "https://api.ngc.nvidia.com/v2/models")
HUGGING_FACE = Host("Hugging Face", "https://huggingface.co")


@dataclass(frozen=True)
class Published:
    """A checkpoint on a public host."""

    path: str  #: of the file, below the host's base address
    host: Host = NGC
    size_mb: float | None = None  #: about, for the table; the host reports the exact size before a download
    licence: str = UNKNOWN  #: as its page states it
    refused: str = ""  #: why the exporter refuses it; empty where it does not

    @classmethod
    def of(cls, declared: Published | str) -> Published:
        """The entry of a family that declares one, or only a path on NGC."""
        return cls(declared) if isinstance(declared, str) else declared

    @property
    def page(self) -> str:
        """The host with the model and its version."""
        if self.host == HUGGING_FACE:
            return f"{self.host.name}: {self.path.partition('/resolve/')[0]}"
        model, _, rest = self.path.partition("/versions/")
        return f"{self.host.name}: {model.removeprefix('nvidia/')} {rest.partition('/files/')[0]}"

    def url(self, bases: Mapping[str, str] | None = None) -> str:
        """The address of the file.

        Args:
            bases: base addresses of mirrors, by the name of the host that they replace.
        """
        base = (bases or {}).get(self.host.name, self.host.base_url)
        return f"{base.rstrip('/')}/{self.path}"


def ngc(
    name: str, version: str, model: str = "", size_mb: float | None = None, refused: str = ""
) -> Published:
    """A file of a NeMo model on NGC.

    Args:
        name: of the file, without .nemo.
        version: of the model.
        model: that the file belongs to; named like the file when empty.
        size_mb: of the file, if it is known.
        refused: why the exporter refuses it.
    """
    path = f"nvidia/nemo/{model or name}/versions/{version}/files/{name}.nemo"
    return Published(path, NGC, size_mb, refused=refused)


def hugging_face(name: str, size_mb: float, licence: str = "CC BY 4.0") -> Published:
    """A model of NVIDIA on Hugging Face whose file is named like the model."""
    return Published(f"nvidia/{name}/resolve/main/{name}.nemo", HUGGING_FACE, size_mb, licence)
