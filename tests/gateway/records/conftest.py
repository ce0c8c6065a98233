"""Stores of audio of each kind."""

from __future__ import annotations

from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from tritone_gateway.settings.storage import StorageSettings

from tests.gateway.records.stores import s3_server


@pytest.fixture(scope="session")
def s3():
    """URL of a bucket of a real S3 server."""
    with s3_server() as url:
        yield url


@pytest.fixture
def key_file(tmp_path):
    """A file with a key for stored audio."""
    file = tmp_path / "audio.keys"
    file.write_bytes(Fernet.generate_key())
    return file


@pytest.fixture(params=["folder", "encrypted folder", "encrypted s3"])
def audio_settings(request, tmp_path, key_file):
    """Settings of an empty store of audio, of each kind."""
    url = f"{request.getfixturevalue('s3')}/{uuid4()}" if "s3" in request.param else ""
    keys = key_file if "encrypted" in request.param else None
    return StorageSettings(data_folder=tmp_path, audio_url=url, audio_key_file=keys, sweep_every_s=1000)
