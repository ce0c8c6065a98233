"""The page's files, as they are served."""

import re

import httpx
import pytest
from click.testing import CliRunner
from tritone_gateway.command import main
from tritone_gateway.routers.page import FOLDER
from tritone_gateway.settings import Settings

from tests.gateway.serving import RunningGateway

FILES = sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file())


def test_the_page_needs_no_key_but_its_apis_do(tmp_path):
    CliRunner(env={"TRITONE_DATA_FOLDER": str(tmp_path)}).invoke(main, ["keys", "create", "somebody"])
    with RunningGateway(Settings(require_keys=True, data_folder=tmp_path)) as gateway:
        page = httpx.get(gateway.url)
        style = httpx.get(f"{gateway.url}/page/style.css")
        records = httpx.get(f"{gateway.url}/api/asr")
    assert (page.status_code, style.status_code, records.status_code) == (200, 200, 401)
    assert page.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("file", FILES)
def test_files_are_served_with_their_type_and_checked_for_changes(http, file):
    answer = http.get(f"/page/{file}")
    expected = {"js": "javascript", "css": "css", "html": "html", "svg": "svg"}[file.rpartition(".")[2]]
    assert expected in answer.headers["Content-Type"]
    assert answer.headers["Cache-Control"] == "no-cache"
    again = http.get(f"/page/{file}", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_the_policy_allows_no_inline_scripts_and_styles_and_there_are_none(http):
    policy = http.get("/").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    text = (FOLDER / "index.html").read_text()
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)", text)


@pytest.mark.parametrize("file", FILES)
def test_nothing_is_loaded_from_elsewhere(file):
    addresses = set(re.findall(r"https?://[^\s\"'`)]+", (FOLDER / file).read_text()))
    assert addresses <= {"http://www.w3.org/2000/svg"}  # the name of a format


@pytest.mark.parametrize("path", ["/page/nothing.js", "/page/../app.py", "/page/%2e%2e/app.py", "/page/"])
def test_other_paths_are_not_found(http, path):
    assert http.get(path).status_code == 404
