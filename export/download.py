"""Download one file over HTTP, resuming an earlier attempt."""

from __future__ import annotations

import http.client
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from export.errors import DiskSpaceError, DownloadError

CHUNK_BYTES = 1 << 20
ATTEMPTS = 5  # in a row without progress; any byte received resets the count
TIMEOUT_S = 60.0  # without a byte
FIRST_WAIT_S = 1.0  # before the second attempt; doubles after each
NETWORK_ERRORS = (urllib.error.URLError, http.client.HTTPException, OSError)
TRANSIENT_STATUS = (408, 425, 429, 500, 502, 503, 504)  # worth another attempt
LOGIN_STATUS = (401, 403)
LOGIN = "if the host demands a login, download the file in a browser and give its path"
# Hugging Face names a file's size and SHA-256 in the response that redirects to the storage.
ANNOUNCED_SIZE, ANNOUNCED_SHA256 = "X-Linked-Size", "X-Linked-Etag"
SHA256 = re.compile(r'"?([0-9a-fA-F]{64})"?')


class InterruptedTransferError(Exception):
    """The transfer stopped; another attempt may succeed."""


@dataclass(frozen=True)
class RemoteFile:
    """What a host says about a file."""

    size_bytes: int | None  #: None if it does not say
    sha256: str | None  #: hexadecimal; None if it does not say


def remote_file(url: str, label: str) -> RemoteFile:
    """Ask for one byte of a file, to learn its size and checksum.

    Args:
        url: http or https address.
        label: name in messages.

    Raises:
        DownloadError: the server refuses, or too many attempts fail.
    """
    found: list[RemoteFile] = []
    _with_retries(lambda: found.append(_inspect(url)), url, label, received=lambda: 0)
    return found[-1]


def download(url: str, part: Path, label: str) -> None:
    """Download `url` into `part` completely, continuing a partial file.

    Args:
        url: http or https address.
        part: file to fill; its present content is not requested again if the server supports ranges.
        label: name in messages and on the progress bar.

    Raises:
        DownloadError: the server refuses, or too many attempts fail.
        DiskSpaceError: the file cannot be written.
    """
    _with_retries(lambda: _attempt(url, part, label), url, label, received=lambda: _size(part))
    _validator_path(part).unlink(missing_ok=True)


def _with_retries(attempt: Callable[[], None], url: str, label: str, received: Callable[[], int]) -> None:
    """Call `attempt` until it succeeds, waiting longer each time; progress resets the count."""
    wait_s, without_progress = FIRST_WAIT_S, 0
    while True:
        before = received()
        try:
            attempt()
            return
        except urllib.error.HTTPError as error:
            reason = f"HTTP {error.code} {error.reason}"
            if error.code not in TRANSIENT_STATUS:
                remedy = LOGIN if error.code in LOGIN_STATUS else "check the name and the address"
                raise DownloadError(f"{label}: {reason} from {url}; {remedy}.") from error
        except InterruptedTransferError as error:
            reason = str(error)
        if received() > before:
            wait_s, without_progress = FIRST_WAIT_S, 0
        else:
            without_progress += 1
        if without_progress >= ATTEMPTS:
            raise DownloadError(
                f"{label}: gave up after {ATTEMPTS} attempts without progress ({reason}); "
                f"{received()} bytes are kept; call again to continue."
            )
        time.sleep(wait_s)
        wait_s *= 2


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects and keeps the headers of each."""

    def __init__(self) -> None:
        self.headers: list[Any] = []

    def redirect_request(
        self, request: Any, file: Any, code: int, message: str, headers: Any, url: str
    ) -> Any:
        """Return the request for the next address."""
        self.headers.append(headers)
        return super().redirect_request(request, file, code, message, headers, url)


def _open(request: urllib.request.Request, redirects: _Redirects | None = None) -> Any:
    """Send a request; HTTP errors are raised as they are, others as interruptions."""
    try:
        opener = urllib.request.build_opener(*([redirects] if redirects else []))
        return opener.open(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError:
        raise
    except NETWORK_ERRORS as error:
        raise InterruptedTransferError(
            str(getattr(error, "reason", error)) or type(error).__name__
        ) from error


def _request(url: str) -> urllib.request.Request:
    return urllib.request.Request(url, headers={"User-Agent": "tritone", "Accept-Encoding": "identity"})


def _inspect(url: str) -> RemoteFile:
    request, redirects = _request(url), _Redirects()
    request.add_header("Range", "bytes=0-0")
    with _open(request, redirects) as response:
        if response.status == http.client.PARTIAL_CONTENT:
            size = _total(response.headers.get("Content-Range"))
        else:
            size = response.length
        headers = [*redirects.headers, response.headers]
    sizes = [found[ANNOUNCED_SIZE] for found in headers if (found[ANNOUNCED_SIZE] or "").isdigit()]
    sums = [match for found in headers if (match := SHA256.fullmatch(found[ANNOUNCED_SHA256] or ""))]
    return RemoteFile(int(sizes[0]) if sizes else size, sums[0][1].lower() if sums else None)


def _attempt(url: str, part: Path, label: str) -> None:
    """Send one request; continue the partial file if the server supports ranges, else start over."""
    offset = _size(part)
    request = _request(url)
    if offset:
        request.add_header("Range", f"bytes={offset}-")
        validator = _validator_path(part)
        if validator.exists():  # the remainder must belong to the same file
            request.add_header("If-Range", validator.read_text())
    try:
        response = _open(request)
    except urllib.error.HTTPError as error:
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and offset:
            if _total(error.headers.get("Content-Range")) == offset:
                return  # already complete
            part.unlink()
            raise InterruptedTransferError(
                "the server's file is shorter than the partial file; starting over"
            ) from error
        raise
    with response:
        if response.status == http.client.PARTIAL_CONTENT:
            total = _total(response.headers.get("Content-Range"))
        else:
            offset, total = 0, response.length
            _keep_validator(part, response.headers.get("ETag"))
        with _progress(label, offset, total) as bar:
            _write(_chunks(response), part, offset, bar.update)
    if total is not None and _size(part) != total:
        raise InterruptedTransferError(f"the connection ended after {_size(part)} of {total} bytes")


def _write(chunks: Iterator[bytes], part: Path, offset: int, written: Callable[[int], Any]) -> None:
    try:
        with part.open("ab" if offset else "wb") as file:
            for chunk in chunks:
                file.write(chunk)
                written(len(chunk))
    except OSError as error:
        raise DiskSpaceError(
            f"disk: {part} cannot be written ({error.strerror or error}); what arrived is kept, so make room "
            "there and call again to continue."
        ) from error


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
