import asyncio
import io
import os
from datetime import timedelta
from uuid import uuid4

import pytest
from tritone_gateway.errors import NotFoundError, UnavailableError
from tritone_gateway.storage.audio_store import AudioStore
from tritone_gateway.storage.records import Selection, stored_audio
from tritone_gateway.storage.tables import now

from tests.gateway.records.kept import a_draft, kept


@pytest.fixture
async def opened(storage):
    async with kept(storage) as held:
        yield held


async def saved(opened, content=b"audio", **fields):
    return await opened.records.save(a_draft(**fields), io.BytesIO(content))


async def found(opened, owner="one", kind="asr", **selection):
    count, records = await opened.records.page(owner, kind, Selection(**selection))
    return count, [record.name for record in records]


async def test_each_key_has_its_own_records(opened):
    mine = await saved(opened, owner="one", name="mine")
    theirs = await saved(opened, owner="two", name="theirs")
    assert await found(opened, "one") == (1, ["mine"])
    assert (await opened.records.get("two", "asr", theirs.uuid)).name == "theirs"
    for call in (opened.records.get, opened.records.delete):
        with pytest.raises(NotFoundError, match="no such record"):
            await call("two", "asr", mine.uuid)
    assert len(opened.files()) == 2


async def test_kinds_are_apart(opened):
    record = await saved(opened, kind="tts")
    assert await found(opened, kind="asr") == (0, [])
    with pytest.raises(NotFoundError):
        await opened.records.get("one", "asr", record.uuid)


async def test_pages_are_newest_first_and_count_all(opened):
    for name in "abcde":
        await saved(opened, name=name)
    assert await found(opened, limit=2) == (5, ["e", "d"])
    assert await found(opened, limit=2, offset=4) == (5, ["a"])
    assert await found(opened, limit=2, offset=9) == (5, [])


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("ÜBER", ["Öl"]),
        ("öl", ["Öl"]),
        ("hello", ["%"]),
        ("two words", ["Öl"]),
        ("%", ["%"]),
        ("_", []),
        ("\\", []),
        ("fünf%", []),
    ],
)
async def test_search_finds_parts_of_names_and_texts_in_any_case_and_signs_as_they_are(opened, search, names):
    await saved(opened, name="Öl", text="Über two words.", transcript="fünf")
    await saved(opened, name="%", text="Hello.", transcript="")
    assert await found(opened, search=search) == (len(names), names)


async def test_times_select(opened):
    day = timedelta(days=1)
    for name, age in (("new", 0), ("old", 1), ("ancient", 2)):
        record = await saved(opened, name=name)
        await opened.change(record, created_at=now() - age * day)
    assert await found(opened, since=now() - 1.5 * day) == (2, ["new", "old"])
    assert await found(opened, until=now() - 0.5 * day) == (2, ["old", "ancient"])
    assert await found(opened, since=now() - 1.5 * day, until=now() - 0.5 * day) == (1, ["old"])


async def test_delete_removes_record_and_audio(opened):
    record, other = await saved(opened), await saved(opened)
    await opened.records.delete("one", "asr", record.uuid)
    with pytest.raises(NotFoundError):
        await opened.records.get("one", "asr", record.uuid)
    with pytest.raises(NotFoundError):
        await opened.records.delete("one", "asr", record.uuid)
    with pytest.raises(NotFoundError):
        await opened.records.get("one", "asr", uuid4())
    (file,) = opened.files()
    assert file.name in other.audio_path


async def test_audio_that_cannot_be_stored_leaves_no_record(opened):
    class Failing(io.BytesIO):
        def read(self, *size):
            if self.tell():
                raise OSError
            return super().read(*size)

    with pytest.raises(UnavailableError):
        await opened.records.save(a_draft(), Failing(bytes(200_000)))
    assert (await opened.states(), opened.files()) == ([], [])


async def test_a_request_that_is_cancelled_while_storing_leaves_nothing(opened):
    class Slow(io.BytesIO):
        def read(self, *size):
            loop.call_soon_threadsafe(reading.set)
            return super().read(*size)

    loop, reading = asyncio.get_running_loop(), asyncio.Event()
    saving = asyncio.create_task(opened.records.save(a_draft(), Slow(bytes(5_000_000))))
    await reading.wait()
    saving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saving
    assert (await opened.states(), opened.files()) == ([], [])


async def test_a_store_that_fails_while_deleting_hides_the_record_until_a_sweep_removes_it(
    opened, storage, monkeypatch
):
    record = await saved(opened)

    async def fail(*_):
        raise UnavailableError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(AudioStore, "delete", fail)
        await opened.records.delete("one", "asr", record.uuid)
        assert await found(opened) == (0, [])
        await opened.sweep(storage)
        assert await opened.states() == ["deleting"]
    await opened.sweep(storage)
    assert (await opened.states(), opened.files()) == ([], [])


async def test_audio_without_record_is_removed_when_it_is_old_and_other_audio_stays(opened, storage):
    record = await saved(opened)
    (file,) = opened.files()
    for name in ("new", "old"):
        file.with_name(f"{name}.wav").write_bytes(b"audio")
    os.utime(file.with_name("old.wav"), (0, 0))
    os.utime(file, (0, 0))
    await opened.sweep(storage)
    assert sorted(path.name for path in opened.files()) == sorted([file.name, "new.wav"])
    assert stored_audio(record).path.endswith(file.name)


async def test_old_records_are_deleted(opened, storage):
    old = await saved(opened, name="old")
    await saved(opened, name="new")
    await opened.change(old, created_at=now() - timedelta(days=31))
    await opened.sweep(storage, retention_days=30)
    assert (await found(opened), len(opened.files())) == ((1, ["new"]), 1)


async def test_each_key_keeps_its_newest_records_only(opened, storage):
    for name in "abc":
        await saved(opened, name=name)
        await saved(opened, name=name, kind="tts")
    await saved(opened, owner="two", name="theirs")
    await opened.sweep(storage, retention_records_per_key=3)
    assert await found(opened) == (1, ["c"])
    assert await found(opened, kind="tts") == (2, ["c", "b"])
    assert await found(opened, "two") == (1, ["theirs"])
    assert len(opened.files()) == 4


async def test_recordings_that_wait_to_be_recognised_are_not_deleted_for_their_age(opened, storage):
    record = await saved(opened)
    await opened.change(record, state="waiting", created_at=now() - timedelta(days=31))
    await opened.sweep(storage, retention_days=30, retention_records_per_key=1)
    assert await opened.states() == ["waiting"]
