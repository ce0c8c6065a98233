"""A real Chromium in front of the real gateway, with a recording as its microphone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import soundfile
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tritone_gateway.settings import Settings

from tests.gateway.serving import RunningGateway

RECORDINGS = Path(__file__).parents[2] / "demo" / "recordings"
SPOKEN = "digits_kal.flac"  # into the microphone
expect.set_options(timeout=20_000)  # a busy machine is no failure
_MICROPHONE = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
# Measures how loud the page is, at the end of every chain of audio.
_LISTENER = """
    const connect = AudioNode.prototype.connect;
    window.loudest = 0;
    AudioNode.prototype.connect = function (target, ...rest) {
      if (target instanceof AudioDestinationNode) {
        const analyser = this.context.createAnalyser();
        connect.call(this, analyser);
        const samples = new Float32Array(analyser.fftSize);
        setInterval(() => {
          analyser.getFloatTimeDomainData(samples);
          window.loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), window.loudest);
        }, 20);
      }
      return connect.call(this, target, ...rest);
    };
"""


@pytest.fixture(scope="session")
def chromium_path():
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("Chromium is not installed; `make test-packages` installs it")
    return path


# Playwright's blocking interface keeps an event loop running, which tests of other files must not find.
@pytest.fixture(scope="module")
def playwright(chromium_path):
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def launched(playwright, chromium_path):
    """Start Chromium with options."""
    browsers = []

    def launch(*options: str) -> Browser:
        options = (*options, "--autoplay-policy=no-user-gesture-required")
        browsers.append(playwright.chromium.launch(executable_path=chromium_path, args=options))
        return browsers[-1]

    yield launch
    for browser in browsers:
        browser.close()


@pytest.fixture(scope="module")
def browser(launched, tmp_path_factory):
    """Chromium, whose microphone hears a recording once."""
    spoken = tmp_path_factory.mktemp("microphone") / "spoken.wav"
    samples, rate = soundfile.read(RECORDINGS / SPOKEN, dtype="int16")
    soundfile.write(spoken, samples, rate)
    return launched(*_MICROPHONE, f"--use-file-for-fake-audio-capture={spoken}%noloop")


@pytest.fixture(scope="module")
def gateway(server):
    with RunningGateway(Settings(triton_url=server.grpc_url)) as running:
        yield running


class Visit:
    """A page that is open, and everything that went wrong in it."""

    def __init__(self, browser: Browser, address: str, **context: object) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 1000, "height": 800}, **context})
        self.context.set_default_timeout(20_000)
        self.page: Page = self.context.new_page()
        self.requests: list[str] = []
        self.problems: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", self._logged)
        self.page.add_init_script(_LISTENER)
        self.page.goto(address)

    def _logged(self, message) -> None:
        expected = "Failed to load resource" in message.text or "WebSocket connection" in message.text
        if message.type in ("error", "warning") and not expected:
            self.problems.append(message.text)


@pytest.fixture
def visit(browser, gateway):
    """Open the page; at the end nothing may have gone wrong, nor been asked of another server."""
    visits = []

    def opened(address: str = gateway.url, browser: Browser = browser, **context: object) -> Page:
        visits.append((Visit(browser, address, **context), address))
        return visits[-1][0].page

    yield opened
    for visited, address in visits:
        assert visited.problems == []
        own = (address, address.replace("http", "ws", 1), "blob:")
        assert [asked for asked in visited.requests if not asked.startswith(own)] == []
        visited.context.close()
