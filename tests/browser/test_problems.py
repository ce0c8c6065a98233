"""Errors in words, with what to do."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from click.testing import CliRunner
from playwright.sync_api import expect
from tritone_gateway.command import main
from tritone_gateway.settings import Settings

from tests.browser.conftest import RECORDINGS
from tests.gateway.serving import RunningGateway
from tritone.server.ports import Ports


@pytest.fixture(scope="module")
def down():
    """A gateway without a speech server."""
    nobody = f"127.0.0.1:{Ports.free().grpc}"
    with RunningGateway(Settings(triton_url=nobody, overload_wait_s=0.1)) as running:
        yield running


def notice(page, view="transcribe"):
    return page.locator(f"#{view} .notice")


def test_a_file_that_is_no_recording(visit, tmp_path):
    page = visit()
    text = tmp_path / "notes.txt"
    text.write_text("Nobody can hear this. " * 100)
    page.set_input_files("#file", text)
    expect(notice(page)).to_contain_text("The server did not accept this")
    expect(notice(page)).to_contain_text("audio")
    expect(notice(page)).not_to_contain_text("Nobody can hear")
    page.set_input_files("#file", RECORDINGS / "digits_us_f2.flac")
    expect(page.locator(".transcript")).to_be_visible()
    expect(notice(page)).to_be_hidden()


def test_an_empty_file(visit, tmp_path):
    page = visit()
    empty = tmp_path / "empty.wav"
    empty.touch()
    page.set_input_files("#file", empty)
    expect(notice(page)).to_contain_text("The file is empty. Choose another one.")


@pytest.mark.parametrize("size", [300_000, 30_000_000])
def test_a_recording_that_is_too_large(visit, server, tmp_path, size):
    large = tmp_path / "large.wav"
    large.write_bytes(bytes(size))
    with RunningGateway(Settings(triton_url=server.grpc_url, max_body_bytes=100_000)) as gateway:
        page = visit(gateway.url)
        page.set_input_files("#file", large)
        expect(notice(page)).to_contain_text("The recording is too large")


def test_a_speech_server_that_is_down(visit, down):
    page = visit(down.url)
    page.set_input_files("#file", RECORDINGS / "digits_us_f2.flac")
    expect(notice(page)).to_contain_text("The server is starting or busy")
    expect(notice(page)).to_contain_text("Try again in 5 s.")
    page.click("nav >> text=Captions")
    page.click("#listen")
    expect(notice(page, "captions")).to_contain_text("The server is starting or busy")
    expect(page.locator("#listen")).to_have_text("Start")
    page.click("nav >> text=Speak")
    page.fill("#speak-text", "Good morning.")
    page.click("#speak-start")
    expect(notice(page, "speak")).to_contain_text("The server is starting or busy")
    expect(page.locator("#speak-start")).to_have_text("Speak")


def test_a_microphone_that_is_not_allowed(visit, launched):
    browser = launched("--use-fake-device-for-media-stream", "--deny-permission-prompts")
    page = visit(browser=browser)
    page.click("#record")
    expect(notice(page)).to_contain_text("The microphone is not allowed")
    expect(notice(page)).to_contain_text("Allow it for this page in the browser's address bar")
    expect(page.locator("#record")).to_have_text("Record")
    page.click("nav >> text=Captions")
    page.click("#listen")
    expect(notice(page, "captions")).to_contain_text("The microphone is not allowed")


def test_a_gateway_that_is_gone(visit, server):
    with RunningGateway(Settings(triton_url=server.grpc_url)) as gateway:
        page = visit(gateway.url)
        page.click("nav >> text=Captions")
        page.click("#listen")
        expect(page.locator("#listen-state")).to_have_text("Listening …")
    expect(notice(page, "captions")).to_contain_text("The connection was closed")
    expect(page.locator("#listen")).to_have_text("Start")
    page.click("nav >> text=History")
    expect(notice(page, "history")).to_contain_text("The server cannot be reached")
    expect(notice(page, "history").get_by_role("button")).to_have_text("Try again")


@pytest.fixture(scope="module")
def locked(server, tmp_path_factory):
    """A gateway that asks for keys, and one of its keys."""
    folder = tmp_path_factory.mktemp("keys")
    runner = CliRunner(env={"TRITONE_DATA_FOLDER": str(folder)})
    with ThreadPoolExecutor() as beside:  # Playwright's loop is running in this thread
        made = beside.submit(runner.invoke, main, ["keys", "create", "somebody"]).result()
    settings = Settings(triton_url=server.grpc_url, require_keys=True, data_folder=folder)
    with RunningGateway(settings) as running:
        yield running, made.stdout.strip()


def test_a_key_is_asked_for_and_kept_until_the_tab_is_closed(visit, locked):
    gateway, key = locked
    page = visit(gateway.url)
    dialog = page.locator("#key-dialog")
    page.set_input_files("#file", RECORDINGS / "digits_us_f2.flac")
    expect(dialog).to_be_visible()
    page.fill("#key-input", "tritone_wrong_key")
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()  # again
    expect(page.locator("#key-input")).to_be_empty()
    page.fill("#key-input", key)
    page.keyboard.press("Enter")
    expect(page.locator(".transcript")).to_be_visible()
    page.reload()
    page.click("nav >> text=History")
    expect(page.locator(".record")).to_have_count(1)
    page.locator(".record").get_by_role("button", name="Play:").click()
    expect(page.locator(".word.now")).to_be_visible()
    page.click("nav >> text=Captions")
    page.click("#listen")
    expect(page.locator("#listen-state")).to_have_text("Listening …")
    page.click("#listen")
    expect(page.locator("#listen")).to_have_text("Start")

    page.click("#forget-key")
    page.click("#listen")  # a WebSocket asks for one, too
    page.fill("#key-input", key)
    page.keyboard.press("Enter")
    expect(page.locator("#listen-state")).to_have_text("Listening …")


def test_without_a_key_the_page_says_what_to_do(visit, locked):
    page = visit(locked[0].url)
    page.click("nav >> text=History")
    page.click("#key-cancel")
    expect(notice(page, "history")).to_contain_text("A key is needed")
    expect(page.locator("#key-dialog")).to_be_hidden()
