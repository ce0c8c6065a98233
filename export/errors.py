"""Errors of the export chain.

ExportError
├── CheckpointError(ValueError)      the archive cannot be read
│   ├── UnsupportedCheckpointError        it can, but its class or one of its layers has no exporter
│   └── MismatchedPairError               it can, but not with the other half of the voice
├── CalibrationError(ValueError)     no usable audio for the int8 variant
├── InstallError(OSError)            the repository could not be written; it is as it was before
├── VersionError(ValueError)         it cannot be served beside the versions that are there
├── VerificationError(RuntimeError) a graph differs from NeMo by more than its tolerance
├── EngineError(RuntimeError)        no TensorRT engine can be made of a graph
│   └── DeviceError(OSError)              TensorRT, CUDA or a GPU is missing, or another than the server's
├── DownloadError(ConnectionError)   a published checkpoint cannot be fetched
└── ChecksumError(ValueError)        a checkpoint is not the one that was pinned or first downloaded
"""

from __future__ import annotations


class ExportError(Exception):
    """Anything that ends an export with a message for the person who ran it."""


class CheckpointError(ExportError, ValueError):
    """The file is missing, is no NeMo archive, or lacks a part that every archive has."""


class UnsupportedCheckpointError(CheckpointError):
    """The model class, or one of its layers or settings, has no exporter."""


class MismatchedPairError(CheckpointError):
    """Tacotron 2 and WaveGlow were trained on spectrograms of different settings."""


class CalibrationError(ExportError, ValueError):
    """The recordings for the int8 variant are missing or unusable."""


class InstallError(ExportError, OSError):
    """The model repository could not be written; what was there before is still there."""


class VersionError(ExportError, ValueError):
    """Its dimensions are not those of the other versions, and a model's config holds for all of them."""


class VerificationError(ExportError, RuntimeError):
    """At least one check of an exported graph against NeMo is outside its tolerance."""


class DownloadError(ExportError, ConnectionError):
    """The server refuses the file, or could not be reached often enough."""


class ChecksumError(ExportError, ValueError):
    """A file is not the one that was pinned or first downloaded."""


class EngineError(ExportError, RuntimeError):
    """No TensorRT engine can be made here of this graph; ONNX Runtime can still serve it."""


class DeviceError(EngineError, OSError):
    """TensorRT, CUDA or a GPU is missing, or is not the one that the server has."""
