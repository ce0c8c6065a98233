"""Errors of the export chain.

ExportError
├── CheckpointError(ValueError)      the archive cannot be read
│   ├── UnsupportedCheckpointError        it can, but its class or one of its layers has no exporter
│   └── MismatchedPairError               it can, but does not match the other half of the voice
├── CalibrationError(ValueError)     no usable audio for the int8 variant
├── InstallError(OSError)            the repository could not be written; it is as it was before
├── VersionError(ValueError)         it cannot be served beside the existing versions
├── VerificationError(RuntimeError) a graph differs from NeMo by more than its tolerance
├── EngineError(RuntimeError)        no TensorRT engine can be built from a graph
│   └── DeviceError(OSError)              TensorRT, CUDA or a GPU is missing, or not the server's
├── DownloadError(ConnectionError)   a published checkpoint cannot be fetched
├── DiskSpaceError(OSError)          there is no room for it
├── NotConfirmedError(RuntimeError)  nobody agreed to a large download
└── ChecksumError(ValueError)        a checkpoint is not the one pinned, announced or first downloaded
"""

from __future__ import annotations


class ExportError(Exception):
    """Any failure of an export that is reported to the person who ran it."""


class CheckpointError(ExportError, ValueError):
    """The file is missing, is not a NeMo archive, or lacks a required part."""


class UnsupportedCheckpointError(CheckpointError):
    """The model class, or one of its layers or settings, has no exporter."""


class MismatchedPairError(CheckpointError):
    """The two halves of a voice were trained on spectrograms of different settings."""


class CalibrationError(ExportError, ValueError):
    """The recordings for the int8 variant are missing or unusable."""


class InstallError(ExportError, OSError):
    """The model repository could not be written; what was there before is still there."""


class VersionError(ExportError, ValueError):
    """Its dimensions differ from the other versions', but a model's config applies to all of them."""


class VerificationError(ExportError, RuntimeError):
    """At least one check of an exported graph against NeMo is outside its tolerance."""


class DownloadError(ExportError, ConnectionError):
    """The server refuses the file, or too many attempts to reach it failed."""


class DiskSpaceError(ExportError, OSError):
    """The file system has no room for a download; what arrived is kept."""


class NotConfirmedError(ExportError, RuntimeError):
    """A large download was declined, or there was no terminal to ask on."""


class ChecksumError(ExportError, ValueError):
    """A file is not the one that was pinned, that its host announces, or that was first downloaded."""


class EngineError(ExportError, RuntimeError):
    """No TensorRT engine can be built from this graph here; ONNX Runtime can still serve it."""


class DeviceError(EngineError, OSError):
    """TensorRT, CUDA or a GPU is missing, or is not the server's."""


def refused_setting(
    setting: str, expected: str, got: object, remedy: str = "no exporter reproduces it"
) -> UnsupportedCheckpointError:
    """The refusal of one setting of a checkpoint."""
    return UnsupportedCheckpointError(f"{setting}: expected {expected}, got {got}; {remedy}.")
