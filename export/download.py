"""Download one file over HTTP, resuming an earlier attempt."""

from __future__ import annotations

import http.client
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tqdm import tqdm

from export.errors import DownloadError

CHUNK_BYTES = 1 << 20
ATTEMPTS = 5  # in a row without progress; any byte received resets the count
TIMEOUT_S = 60.0  # without a byte
FIRST_WAIT_S = 1.0  # before the second attempt; doubles after each
NETWORK_ERRORS = (urllib.error.URLError, http.client.HTTPException, OSError)
TRANSIENT_STATUS = (408, 425, 429, 500, 502, 503, 504)  # worth another attempt


class InterruptedTransferError(Exception):
    """The transfer stopped; another attempt may succeed."""


def download(url: str, part: Path, label: str) -> None:
    """Download `url` into `part` completely, continuing a partial file.

    Args:
        url: http or https address.
        part: file to fill; its present content is not requested again if the server supports ranges.
        label: name in messages and on the progress bar.

    Raises:
        DownloadError: the server refuses, or too many attempts fail.
    """
    wait_s, without_progress = FIRST_WAIT_S, 0
    while True:
        before = _size(part)
        try:
            _attempt(url, part, label)
            _validator_path(part).unlink(missing_ok=True)
            return
        except urllib.error.HTTPError as error:
            reason = f"HTTP {error.code} {error.reason}"
            if error.code not in TRANSIENT_STATUS:
                raise DownloadError(
                    f"{label}: {reason} from {url}; check the name and the address."
                ) from error
        except InterruptedTransferError as error:
            reason = str(error)
        if _size(part) > before:
            wait_s, without_progress = FIRST_WAIT_S, 0
        else:
            without_progress += 1
        if without_progress >= ATTEMPTS:
            raise DownloadError(
                f"{label}: gave up after {ATTEMPTS} attempts without progress ({reason}); "
                f"{_size(part)} bytes are kept; call again to continue."
            )
        time.sleep(wait_s)
        wait_s *= 2


def _attempt(url: str, part: Path, label: str) -> None:
    """Send one request; continue the partial file if the server supports ranges, else start over."""
    offset = _size(part)
    request = urllib.request.Request(url, headers={"User-Agent": "tritone", "Accept-Encoding": "identity"})
    if offset:
        request.add_header("Range", f"bytes={offset}-")
        validator = _validator_path(part)
        if validator.exists():  # the remainder must belong to the same file
            request.add_header("If-Range", validator.read_text())
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and offset:
            if _total(error.headers.get("Content-Range")) == offset:
                return  # already complete
            part.unlink()
            raise InterruptedTransferError(
                "the server's file is shorter than the partial file; starting over"
            ) from error
        raise
    except NETWORK_ERRORS as error:
        raise InterruptedTransferError(
            str(getattr(error, "reason", error)) or type(error).__name__
        ) from error
    with response:
        if response.status == http.client.PARTIAL_CONTENT:
            total = _total(response.headers.get("Content-Range"))
        else:
            offset, total = 0, response.length
            _keep_validator(part, response.headers.get("ETag"))
        with part.open("ab" if offset else "wb") as file, _progress(label, offset, total) as bar:
            for chunk in _chunks(response):
                file.write(chunk)
                bar.update(len(chunk))
    if total is not None and _size(part) != total:
        raise InterruptedTransferError(f"the connection ended after {_size(part)} of {total} bytes")


def _chunks(response: Any) -> Iterator[bytes]:
    try:
        while chunk := response.read(CHUNK_BYTES):
            yield chunk
    except NETWORK_ERRORS as error:
        raise InterruptedTransferError(str(error) or type(error).__name__) from error


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _validator_path(part: Path) -> Path:
    return part.with_name(f"{part.name}.etag")


def _keep_validator(part: Path, etag: str | None) -> None:
    if etag and not etag.startswith("W/"):  # If-Range accepts strong validators only
        _validator_path(part).write_text(etag)
    else:
        _validator_path(part).unlink(missing_ok=True)


def _total(content_range: str | None) -> int | None:
    """Size of the whole file from a Content-Range header, None if not given."""
    total = (content_range or "").rpartition("/")[2]
    return int(total) if total.isdigit() else None


@contextmanager
def _progress(label: str, offset: int, total: int | None) -> Iterator[Any]:
    with tqdm(
        desc=label,
        initial=offset,
        total=total,
        unit="B",
        unit_scale=True,
        disable=not sys.stderr.isatty(),
        file=sys.stderr,
    ) as bar:
        yield bar
