"""Errors of the export chain.

ExportError
├── CheckpointError(ValueError)      the archive cannot be read
│   └── UnsupportedCheckpoint        it can, but its class or one of its layers has no exporter
├── CalibrationError(ValueError)     no usable audio for the int8 variant
├── InstallError(OSError)            the repository could not be written; it is as it was before
└── VerificationFailed(RuntimeError) a graph differs from NeMo by more than its tolerance
"""

from __future__ import annotations


class ExportError(Exception):
    """Anything that ends an export with a message for the person who ran it."""


class CheckpointError(ExportError, ValueError):
    """The file is missing, is no NeMo archive, or lacks a part that every archive has."""


class UnsupportedCheckpoint(CheckpointError):
    """The model class, or one of its layers or settings, has no exporter."""


class CalibrationError(ExportError, ValueError):
    """The recordings for the int8 variant are missing or unusable."""


class InstallError(ExportError, OSError):
    """The model repository could not be written; what was there before is still there."""


class VerificationFailed(ExportError, RuntimeError):
    """At least one check of an exported graph against NeMo is outside its tolerance."""
