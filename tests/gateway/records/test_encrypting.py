import asyncio
import io

from click.testing import CliRunner
from cryptography.fernet import Fernet
from tritone_gateway.command import main
from tritone_gateway.settings.storage import StorageSettings
from tritone_gateway.storage.records import stored_audio

from tests.gateway.records.kept import a_draft, kept


async def saved(settings):
    async with kept(settings) as opened:
        return await opened.records.save(a_draft(), io.BytesIO(b"audio"))


async def content(settings, record):
    async with kept(settings) as opened:
        found = stored_audio(await opened.records.get("one", "asr", record.uuid))
        target = io.BytesIO()
        await opened.records.audio.copy(found, target)
        (file,) = opened.files()
        return target.getvalue(), file.read_bytes()


def test_audio_is_encrypted_later_and_with_another_key(tmp_path, monkeypatch):
    plain = StorageSettings(data_folder=tmp_path)
    keys = tmp_path / "audio.keys"
    settings = plain.model_copy(update={"audio_key_file": keys})
    monkeypatch.setenv("TRITONE_DATA_FOLDER", str(tmp_path))
    record = asyncio.run(saved(plain))

    refused = CliRunner().invoke(main, ["encrypt-audio"])
    assert refused.exit_code == 1
    assert "audio_key_file" in refused.output
    monkeypatch.setenv("TRITONE_AUDIO_KEY_FILE", str(keys))

    first = CliRunner().invoke(main, ["audio-key"]).output
    keys.write_text(first)
    assert CliRunner().invoke(main, ["encrypt-audio"]).output == "1 files encrypted\n"
    audio, stored = asyncio.run(content(settings, record))
    assert audio == b"audio"
    assert b"audio" not in stored

    second = Fernet.generate_key().decode()
    keys.write_text(f"{second}\n{first}")
    assert CliRunner().invoke(main, ["encrypt-audio"]).output == "1 files encrypted\n"
    assert CliRunner().invoke(main, ["encrypt-audio"]).output == "0 files encrypted\n"
    keys.write_text(second)
    assert asyncio.run(content(settings, record))[0] == b"audio"
