import hashlib
import io
import random
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from cryptography.fernet import Fernet
from tritone_gateway.errors import InternalError, StartupError, UnavailableError
from tritone_gateway.settings.storage import StorageSettings
from tritone_gateway.storage.database import open_database
from tritone_gateway.storage.encryption import PIECE_BYTES, SEALED_BYTES
from tritone_gateway.storage.opening import open_records

CONTENT = random.Random(1).randbytes(20 * PIECE_BYTES + 1000)  # more than is read at a time
PATH = "ab/ab12.wav"


@asynccontextmanager
async def store_of(settings):
    async with open_database(settings) as database, open_records(settings, database) as records:
        yield records.audio


@pytest.fixture
async def store(audio_settings):
    async with store_of(audio_settings) as opened:
        yield opened


async def read(store, audio, start=0, stop=None):
    async with aclosing(
        (await store.open(audio)).pieces(start, audio.size if stop is None else stop)
    ) as pieces:
        return b"".join([piece async for piece in pieces])


def on_disk(settings):
    """The only file in a store that is a folder."""
    (file,) = [path for path in (settings.data_folder / "audio").rglob("*") if path.is_file()]
    return file


@pytest.mark.parametrize(
    "content", [b"", b"1", CONTENT[:PIECE_BYTES], CONTENT[: PIECE_BYTES + 1], CONTENT], ids=len
)
async def test_what_was_written_comes_back(store, content):
    audio = await store.write(PATH, io.BytesIO(content))
    assert (audio.size, audio.digest) == (len(content), hashlib.sha256(content).hexdigest())
    assert await read(store, audio) == content
    copied = io.BytesIO()
    await store.copy(audio, copied)
    assert copied.getvalue() == content


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        (0, 1),
        (PIECE_BYTES - 1, PIECE_BYTES + 1),
        (PIECE_BYTES, 2 * PIECE_BYTES),
        (100, 19 * PIECE_BYTES + 1),
        (len(CONTENT) - 1, len(CONTENT)),
    ],
)
async def test_a_range_is_that_of_the_content(store, start, stop):
    audio = await store.write(PATH, io.BytesIO(CONTENT))
    assert await read(store, audio, start, stop) == CONTENT[start:stop]


async def test_listed_with_its_time_until_deleted(store):
    assert await store.shards() == []
    await store.write(PATH, io.BytesIO(CONTENT))
    assert await store.shards() == ["ab"]
    assert await store.paths("ab") == [PATH]
    assert abs(await store.written_at(PATH) - datetime.now(timezone.utc)) < timedelta(minutes=1)
    await store.delete(PATH)
    await store.delete(PATH)
    assert await store.paths("ab") == []
    assert await store.written_at(PATH) is None


async def test_missing_audio_is_an_error_before_anything_is_read(store):
    audio = await store.write(PATH, io.BytesIO(CONTENT))
    await store.delete(PATH)
    with pytest.raises(InternalError, match="missing"):
        await store.open(audio)


async def test_two_databases_share_a_store_without_seeing_each_other(audio_settings, tmp_path):
    other = audio_settings.model_copy(update={"database_url": f"sqlite:///{tmp_path}/other.db"})
    async with store_of(audio_settings) as first, store_of(other) as second:
        await first.write(PATH, io.BytesIO(CONTENT))
        assert await second.shards() == []


@pytest.fixture
def encrypted(tmp_path, key_file):
    return StorageSettings(data_folder=tmp_path, audio_key_file=key_file)


async def test_encrypted_audio_is_not_readable_on_disk(encrypted):
    content = b"RIFF" + bytes(100_000)
    async with store_of(encrypted) as store:
        await store.write(PATH, io.BytesIO(content))
    stored = on_disk(encrypted).read_bytes()
    assert b"RIFF" not in stored
    assert bytes(16) not in stored
    assert len(content) < len(stored) < len(content) * 1.01


async def test_reading_a_range_decrypts_only_its_pieces(encrypted):
    async with store_of(encrypted) as store:
        audio = await store.write(PATH, io.BytesIO(CONTENT))
        file = on_disk(encrypted)
        damaged = bytearray(file.read_bytes())
        damaged[:SEALED_BYTES] = bytes(SEALED_BYTES)
        file.write_bytes(damaged)
        start = PIECE_BYTES + 1
        assert await read(store, audio, start) == CONTENT[start:]
        with pytest.raises(InternalError, match="decrypted"):
            await read(store, audio)


async def test_pieces_that_were_exchanged_are_refused(encrypted):
    async with store_of(encrypted) as store:
        audio = await store.write(PATH, io.BytesIO(CONTENT))
        file = on_disk(encrypted)
        stored = file.read_bytes()
        first, second = stored[:SEALED_BYTES], stored[SEALED_BYTES : 2 * SEALED_BYTES]
        file.write_bytes(second + first + stored[2 * SEALED_BYTES :])
        with pytest.raises(InternalError, match="changed"):
            await read(store, audio)


@pytest.mark.parametrize("keys", [True, False])
async def test_a_file_that_was_cut_off_is_an_error(encrypted, keys):
    settings = encrypted if keys else encrypted.model_copy(update={"audio_key_file": None})
    async with store_of(settings) as store:
        audio = await store.write(PATH, io.BytesIO(CONTENT))
        file = on_disk(settings)
        file.write_bytes(file.read_bytes()[:SEALED_BYTES])
        with pytest.raises(InternalError):
            await read(store, audio)


async def test_keys_are_exchanged_without_losing_what_older_ones_encrypted(encrypted):
    async with store_of(encrypted) as store:
        old = await store.write(PATH, io.BytesIO(CONTENT))
    older_key = encrypted.audio_key_file.read_bytes()
    encrypted.audio_key_file.write_bytes(Fernet.generate_key() + b"\n" + older_key)
    async with store_of(encrypted) as store:
        new = await store.write("cd/cd34.wav", io.BytesIO(CONTENT))
        assert await read(store, old) == CONTENT
    encrypted.audio_key_file.write_bytes(encrypted.audio_key_file.read_bytes().split()[0])
    async with store_of(encrypted) as store:
        assert await read(store, new) == CONTENT
        with pytest.raises(InternalError, match="decrypted"):
            await read(store, old)


async def test_audio_from_before_encryption_stays_readable_and_encrypted_audio_needs_a_key(encrypted):
    plain = encrypted.model_copy(update={"audio_key_file": None})
    async with store_of(plain) as store:
        audio = await store.write(PATH, io.BytesIO(CONTENT))
    async with store_of(encrypted) as store:
        assert await read(store, audio) == CONTENT
    async with store_of(plain) as store:
        with pytest.raises(InternalError, match="audio_key_file"):
            await store.open(replace(audio, encrypted=True))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"audio_url": "ftp://host/x"}, "got ftp://"),
        ({"audio_url": "s3://no-such-bucket/x"}, "s3://no-such-bucket/x cannot be used"),
        ({"audio_url": "/proc/nowhere"}, "/proc/nowhere cannot be used"),
        ({"audio_key_file": "/nowhere"}, "expected Fernet keys"),
        ({"audio_key_file": "/dev/null"}, "at least one key"),
    ],
)
async def test_a_store_that_cannot_be_used_is_refused_at_start(s3, tmp_path, change, message):
    with pytest.raises(StartupError, match=message):
        async with store_of(StorageSettings(data_folder=tmp_path, **change)):
            pass


async def test_a_store_that_fails_later_is_unavailable(tmp_path):
    async with store_of(StorageSettings(data_folder=tmp_path)) as store:
        (tmp_path / "audio").rename(tmp_path / "elsewhere")
        (tmp_path / "audio").write_text("not a folder")
        with pytest.raises(UnavailableError, match="does not answer"):
            await store.write(PATH, io.BytesIO(CONTENT))
