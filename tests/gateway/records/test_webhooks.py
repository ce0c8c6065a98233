import asyncio
import base64
import hashlib
import hmac
import json
import time
from contextlib import asynccontextmanager
from ipaddress import ip_network

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from tritone_gateway.command import main
from tritone_gateway.errors import BadRequestError, StartupError
from tritone_gateway.settings import Settings
from tritone_gateway.storage.tables import Delivery
from tritone_gateway.webhooks.signing import read_secrets

from tests.gateway.records.backends import ScriptedBackend
from tests.gateway.records.kept import kept
from tests.gateway.records.receivers import receiver
from tests.gateway.records.test_jobs import ended, submitted, working

HERE = [ip_network("127.0.0.0/8"), ip_network("::1/128")]
SECRET = "correct horse battery staple"


@pytest.fixture
def settings(tmp_path):
    secret = tmp_path / "webhook.secret"
    secret.write_text(SECRET)
    return Settings(
        data_folder=tmp_path,
        sweep_every_s=1000,
        background_poll_s=0.05,
        webhook_secret_file=secret,
        webhook_networks=HERE,
        webhook_delays_s=(0.01, 0.01, 0.01),
    )


@pytest.fixture
async def opened(settings):
    async with kept(settings) as held:
        yield held


@asynccontextmanager
async def told(opened, settings, to, *failures):
    """Recognise a recording in the background, telling somebody; yields its record."""
    async with working(opened, settings, ScriptedBackend(*failures)):
        record = await submitted(opened, callback=to)
        await ended(opened, record)
        yield record


async def settled(opened):
    """Wait until there is nothing to send, now or later."""

    async def poll():
        while True:
            async with opened.database.reading() as session:
                if not (await session.scalars(select(Delivery))).all():
                    return
            await asyncio.sleep(0.02)

    await asyncio.wait_for(poll(), 20)


def signature(secret, message):
    """The signature as a receiver computes it from the secret that it was given."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    headers = message.headers
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + message.body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


async def test_message_has_the_record_and_a_signature_that_the_keys_owner_can_check(opened, settings):
    with receiver(204) as received:
        async with told(opened, settings, received.url) as record:
            await settled(opened)
    (message,) = received.messages
    body = json.loads(message.body)
    assert message.path == "/told"
    assert message.headers["host"] == received.url.split("/")[2]
    assert message.headers["content-type"] == "application/json"
    assert body["type"] == "asr.done"
    assert body["data"]["uuid"] == str(record.uuid)
    assert body["data"]["Output"] == "Hello world."
    assert body["data"]["audio"] == f"http://here/media/asr/{record.uuid}.wav"
    assert abs(int(message.headers["webhook-timestamp"]) - time.time()) < 60
    secrets = read_secrets(settings.webhook_secret_file)
    assert message.headers["webhook-signature"] == signature(secrets.shown("one"), message)
    assert message.headers["webhook-signature"] != signature(secrets.shown("two"), message)


async def test_failure_is_told_too(opened, settings):
    with receiver(200) as received:
        async with told(opened, settings, received.url, BadRequestError("audio: too long.")):
            await settled(opened)
    body = json.loads(received.messages[0].body)
    assert (body["type"], body["data"]["error"]) == ("asr.failed", "audio: too long.")


async def test_message_is_sent_again_with_the_same_id_until_it_is_taken(opened, settings):
    with receiver(500, 302, 200) as received:
        async with told(opened, settings, received.url):
            await settled(opened)
    assert [message.path for message in received.messages] == ["/told"] * 3  # no redirect is followed
    assert len({message.headers["webhook-id"] for message in received.messages}) == 1


@pytest.mark.parametrize(("status", "attempts"), [(503, 4), (410, 1)])
async def test_message_is_given_up_after_the_last_delay_or_when_nobody_wants_it(
    opened, settings, status, attempts
):
    with receiver(status) as received:
        async with told(opened, settings, received.url):
            await settled(opened)
    assert len(received.messages) == attempts


async def test_message_that_was_not_sent_before_a_restart_is_sent_after_it(opened, settings):
    with receiver(200) as received:
        unwilling = settings.model_copy(update={"webhook_networks": [], "webhook_delays_s": (0.5,) * 4})
        async with told(opened, unwilling, received.url):
            pass
        assert received.messages == []
        async with working(opened, settings, ScriptedBackend()):
            await settled(opened)
        assert len(received.messages) == 1


async def test_address_is_checked_again_when_the_message_is_sent(opened, settings):
    with receiver(200) as received:
        forbidding = settings.model_copy(update={"webhook_networks": []})
        async with told(opened, forbidding, received.url):
            await settled(opened)
        assert received.messages == []


async def test_slow_receiver_holds_up_no_more_than_one_attempt(opened, settings):
    server = await asyncio.start_server(lambda reader, writer: asyncio.sleep(5), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    impatient = settings.model_copy(update={"webhook_timeout_s": 0.1, "webhook_delays_s": ()})
    async with told(opened, impatient, f"http://127.0.0.1:{port}/"):
        await settled(opened)
    server.close()


async def test_signatures_of_all_secrets_while_they_are_exchanged(settings):
    old = read_secrets(settings.webhook_secret_file).headers("one", "id", 1, b"")
    settings.webhook_secret_file.write_text(f"{SECRET[::-1]}\n{SECRET}\n")
    both = read_secrets(settings.webhook_secret_file).headers("one", "id", 1, b"")
    assert len(both["webhook-signature"].split()) == 2
    assert both["webhook-signature"].split()[1] == old["webhook-signature"]


@pytest.mark.parametrize(("content", "message"), [("", "expected secrets"), ("short", "of 24 characters")])
def test_secrets_that_are_too_short_are_refused(settings, content, message):
    settings.webhook_secret_file.write_text(content)
    with pytest.raises(StartupError, match=message):
        read_secrets(settings.webhook_secret_file)


def test_secret_of_a_key_is_shown_to_the_operator(settings, monkeypatch):
    monkeypatch.setenv("TRITONE_WEBHOOK_SECRET_FILE", str(settings.webhook_secret_file))
    shown = CliRunner().invoke(main, ["webhook-secret", "one"])
    assert shown.output.strip() == read_secrets(settings.webhook_secret_file).shown("one")


def test_without_a_secret_the_operator_is_told_what_to_set():
    shown = CliRunner().invoke(main, ["webhook-secret", "one"])
    assert shown.exit_code == 1
    assert "webhook_secret_file" in shown.output
