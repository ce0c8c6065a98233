"""Checksums of files."""

from __future__ import annotations

from tritone.repository.checksums import file_sha256

__all__ = ["file_sha256"]
