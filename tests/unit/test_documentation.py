"""The README's commands and links exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    path
    for path in (
        ROOT / "README.md",
        *ROOT.glob("*/README.md"),
        *ROOT.glob("*/cards/*.md"),
        *ROOT.glob("docs/**/*.md"),
    )
    if path.is_file()
]
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_make_targets_named_on_a_page_exist(page):
    named = set(re.findall(r"(?:`|\$ )make ([a-z][a-z-]*)", page.read_text()))
    assert named <= TARGETS


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), target


def anchors(page):
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_to_headings_lead_to_one(page):
    for target, anchor in re.findall(r"\]\(([^)#:]*)#([^)]+)\)", page.read_text()):
        linked = page.parent / target if target else page
        assert anchor in anchors(linked), f"{target}#{anchor}"


def test_every_target_documents_itself():
    for line in (ROOT / "Makefile").read_text().splitlines():
        if re.match(r"[a-z][a-z-]*:", line):
            assert "  ## " in line, line


def test_operations_page_tells_what_to_do_about_every_alert():
    page, rules = ROOT / "docs/operations.md", ROOT / "docker/prometheus/alerts.yml"
    table = page.read_text().partition("## Alerts")[2].partition("\n## ")[0]
    told = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    assert told == set(re.findall(r"- alert: (\w+)", rules.read_text()))
