"""The page by keyboard and by what screen readers are told."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import RECORDINGS


def tab_to(page, selector, most=25):
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.locator(selector).evaluate("(at) => at === document.activeElement"):
            return
    pytest.fail(f"{selector} is not reached by Tab")


def test_everything_by_keyboard(visit):
    page = visit()
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, "#record", most=2)
    tab_to(page, "#file", most=2)
    page.set_input_files("#file", RECORDINGS / "novel_awb.flac")  # the dialog of files is the system's
    expect(page.locator("article h2")).to_be_focused()

    page.keyboard.press("Tab")
    expect(page.locator(".word").first).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".word").nth(2)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".word").nth(2)).to_have_class(re.compile("now"))
    page.keyboard.press("Tab")  # all words are one stop
    play = page.locator(".player button")
    expect(play).to_be_focused()
    expect(play).to_have_attribute("aria-label", "Pause novel_awb.flac")
    page.keyboard.press("Space")
    expect(play).to_have_attribute("aria-label", "Play novel_awb.flac")

    page.evaluate("document.activeElement.blur()")
    tab_to(page, "nav a[href='#history']")
    page.keyboard.press("Enter")
    expect(page.locator("#history-title")).to_be_focused()
    expect(page.locator("nav a[aria-current=page]")).to_have_text("History")
    expect(page.locator(".record").first).to_be_visible()
    tab_to(page, ".record >> nth=0 >> text=Delete")
    page.keyboard.press("Enter")
    expect(page.locator("#confirm-dialog button").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".record >> nth=0 >> text=Delete")).to_be_focused()


def test_every_control_has_a_name(visit):
    page = visit()
    page.set_input_files("#file", RECORDINGS / "digits_us_f2.flac")
    expect(page.locator(".transcript")).to_be_visible()
    for view in ("transcribe", "captions", "speak", "history"):
        page.click(f"nav a[href='#{view}']")
        tree = page.locator("body").aria_snapshot()
        nameless = re.findall(
            r"- (?:button|textbox|slider|searchbox|checkbox|radio|link)(?=$|:)", tree, re.MULTILINE
        )
        assert nameless == [], tree


def test_screen_readers_hear_finished_captions_only(visit):
    page = visit()
    assert page.locator("#captions-final").get_attribute("aria-live") == "polite"
    assert page.locator("#captions-interim").get_attribute("aria-hidden") == "true"


def test_nothing_moves_for_people_who_ask_for_that(visit):
    page = visit(reduced_motion="reduce")
    page.click("#record")
    expect(page.locator("#record")).to_have_text("Stop")
    assert page.locator("#record .icon").evaluate("(at) => getComputedStyle(at).animationName") == "none"
    page.click("#record")
    expect(page.locator("article, .notice >> visible=true").first).to_be_visible()
