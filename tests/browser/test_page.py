"""What people do with the page."""

import re
import shutil

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import RECORDINGS

# Notes the words that light up.
LIT = """() => {
  window.lit = [];
  const words = [...document.querySelectorAll(".word")];
  new MutationObserver((changes) => {
    const lit = changes.map(({ target }) => target).filter((target) => target.classList.contains("now"));
    window.lit.push(...lit.map((target) => words.indexOf(target)));
  }).observe(document.querySelector(".transcript"), { attributeFilter: ["class"], subtree: true });
}"""
DIGITS = re.compile(r"eight.*seven", re.IGNORECASE)


def transcribed(page, file="digits_us_f2.flac"):
    page.set_input_files("#file", RECORDINGS / file)
    expect(page.locator("#transcribe .transcript")).to_be_visible()


def test_a_recording_from_the_microphone_becomes_text(visit):
    page = visit()
    page.click("#record")
    expect(page.locator("#record")).to_have_text("Stop")
    expect(page.locator("#record-time")).to_have_text("0:02")
    page.click("#record")
    transcript = page.locator(".transcript")
    expect(transcript).to_have_text(DIGITS)
    expect(page.locator("article h2")).to_contain_text("Recording")
    expect(page.locator("article h2")).to_be_focused()


def test_words_light_up_as_the_recording_plays_and_a_click_seeks(visit):
    page = visit()
    transcribed(page, "novel_awb.flac")
    page.evaluate(LIT)
    page.locator(".word").nth(6).click()  # plays from there
    button = page.locator(".player button")
    expect(button).to_have_attribute("aria-label", "Pause novel_awb.flac")
    expect(button).to_have_attribute("aria-label", "Play novel_awb.flac")  # at the end
    lit = page.evaluate("window.lit")
    assert lit[0] == 6
    assert lit == sorted(set(lit))
    assert len(lit) > 15
    expect(page.locator(".word.unsure").first).to_have_attribute("title", re.compile(r"\d+ % sure"))
    expect(page.locator("#transcribe")).to_contain_text(re.compile(r"\d+ % sure on average"))


def test_a_dropped_file_is_transcribed(visit):
    page = visit()
    content = list((RECORDINGS / "digits_us_f2.flac").read_bytes())
    transfer = page.evaluate_handle(
        """(content) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(content)], "call.flac", { type: "audio/flac" }));
          return transfer;
        }""",
        content,
    )
    page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})
    expect(page.locator("article h2")).to_have_text("call.flac")
    expect(page.locator(".transcript")).to_have_text(re.compile("zero", re.IGNORECASE))


def test_subtitles_are_downloaded(visit):
    page = visit()
    transcribed(page, "novel_awb.flac")
    with page.expect_download() as downloading:
        page.click("text=Download subtitles")
    content = downloading.value.path().read_text()
    assert downloading.value.suggested_filename == "novel-awb.srt"
    cues = content.strip().split("\n\n")
    assert len(cues) > 1
    for number, cue in enumerate(cues, start=1):
        index, times, *lines = cue.split("\n")
        assert index == str(number)
        assert re.fullmatch(r"00:00:\d\d,\d{3} --> 00:00:\d\d,\d{3}", times)
        assert 1 <= len(lines) <= 2
        assert all(len(line) <= 42 for line in lines)


def test_captions_grow_while_somebody_speaks(visit):
    page = visit()
    page.click("nav >> text=Captions")
    page.click("#listen")
    interim = page.locator("#captions-interim")
    expect(interim).to_have_text(re.compile("eight"))
    first = interim.text_content()
    expect(interim).to_have_text(re.compile("zero"))
    assert len(interim.text_content()) > len(first)
    expect(page.locator("#captions-final p")).to_have_text(DIGITS)  # after the pause
    expect(interim).to_be_empty()
    page.click("#listen")
    expect(page.locator("#listen")).to_have_text("Start")
    expect(page.locator("#listen-state")).to_be_empty()
    page.click("#captions-clear")
    expect(page.locator("#captions-empty")).to_be_visible()


def test_captions_that_are_stopped_keep_what_was_said(visit):
    page = visit()
    page.click("nav >> text=Captions")
    page.click("#listen")
    expect(page.locator("#captions-interim")).to_have_text(re.compile("seven"))
    page.click("#listen")
    expect(page.locator("#captions-final p")).to_have_text(re.compile("seven", re.IGNORECASE))
    with page.expect_download() as downloading:
        page.click("#captions-srt")
    assert "seven" in downloading.value.path().read_text().lower()


def test_captions_without_audio_worklets(visit):
    """Browsers without them send what their MediaRecorder makes."""
    page = visit()
    page.evaluate("delete window.AudioWorkletNode")
    page.click("nav >> text=Captions")
    page.click("#listen")
    expect(page.locator("#captions-final p")).to_have_text(DIGITS)
    page.click("#listen")
    expect(page.locator("#listen")).to_have_text("Start")


def test_speech_is_heard_while_it_is_made_and_kept(visit):
    page = visit()
    page.click("nav >> text=Speak")
    page.fill("#speak-text", "Two five two.")
    page.click("#speak-start")
    expect(page.locator("#speak-state")).to_have_text("Speaking")
    expect(page.locator("#speak-result .player")).to_be_visible()
    expect(page.locator("#speak-start")).to_have_text("Speak")  # it has been played to its end
    assert page.evaluate("window.loudest") > 0.05
    with page.expect_download() as downloading:
        page.click("#speak-result >> text=Download")
    assert downloading.value.suggested_filename == "Two-five-two.mp3"
    assert downloading.value.path().stat().st_size > 2000


def test_speech_can_be_stopped(visit):
    page = visit()
    page.click("nav >> text=Speak")
    page.fill("#speak-text", "Often the convicts gave way to despair. " * 100)
    page.click("#speak-start")
    expect(page.locator("#speak-time")).to_have_text(re.compile(r"0:0\d"))
    page.click("#speak-start")
    expect(page.locator("#speak-start")).to_have_text("Speak")
    expect(page.locator("#speak .notice")).to_be_hidden()
    expect(page.locator("#speak-result")).to_be_empty()  # what was not heard to its end is not kept


def test_history_survives_a_reload_and_can_be_searched_played_and_deleted(visit, gateway, tmp_path):
    page = visit()
    shutil.copy(RECORDINGS / "novel_awb.flac", tmp_path / "garden party.flac")
    transcribed(page, tmp_path / "garden party.flac")
    page.click("nav >> text=Speak")
    page.fill("#speak-text", "Zebras are striped.")
    page.click("#speak-start")
    expect(page.locator("#speak-result .player")).to_be_visible()
    page.goto(f"{gateway.url}/#history")
    page.reload()
    records = page.locator(".record")
    expect(records.first).to_contain_text("Zebras are striped.")
    expect(records.nth(1)).to_contain_text("garden party.flac")

    page.fill("#history-search", "zebras")
    expect(records).to_have_count(1)
    page.fill("#history-search", "")
    page.check("[name=history-kind][value=asr]", force=True)
    expect(records.first).to_contain_text("garden party.flac")

    records.first.get_by_role("button", name="Play:").click()
    expect(records.first.locator(".word.now")).to_be_visible()
    records.first.get_by_text("Delete").click()
    expect(page.locator("#confirm-dialog")).to_be_visible()
    page.click("#confirm-dialog >> text=Keep")
    expect(records.first).to_contain_text("garden party.flac")
    records.first.get_by_text("Delete").click()
    page.click("#confirm-dialog .danger")
    page.fill("#history-search", "garden")
    expect(page.locator("#history-state")).to_have_text("Nothing was found.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_a_phone(visit, scheme):
    page = visit(viewport={"width": 360, "height": 700}, color_scheme=scheme)
    transcribed(page, "novel_awb.flac")
    page.click("#record")
    for view in ("Transcribe", "Captions", "Speak", "History"):
        page.click(f"nav >> text={view}")
        expect(page.locator(f"#{view.lower()} h1")).to_be_visible()
        if view == "History":
            page.locator(".record").first.get_by_text("Open").click()
            expect(page.locator(".record .transcript").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, view


def test_text_is_readable_in_both_schemes(visit):
    """WCAG 2, level AA: a contrast of 4.5."""
    for scheme in ("light", "dark"):
        page = visit(color_scheme=scheme)
        transcribed(page)
        colours = page.evaluate(
            """(selectors) => selectors.map((selector) => {
              const at = document.querySelector(selector);
              const ground = (below) => getComputedStyle(below).backgroundColor;
              let below = at;
              while (ground(below) === "rgba(0, 0, 0, 0)") below = below.parentElement;
              return [selector, getComputedStyle(at).color, ground(below)];
            })""",
            ["h1", "#drop-hint", "#record", ".word", ".quiet", ".card .meta", "nav a", "footer a"],
        )
        for selector, text, ground in colours:
            assert contrast(text, ground) >= 4.5, (scheme, selector, text, ground)


def contrast(*colours):
    low, high = sorted(
        luminance([int(part) for part in re.findall(r"\d+", colour)[:3]]) for colour in colours
    )
    return (high + 0.05) / (low + 0.05)


def luminance(colour):
    parts = [int(part) / 255 for part in colour]
    linear = [part / 12.92 if part <= 0.04 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
