"""Options of the commands that change repositories: which ones, and a running server to change at once."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from ..errors import ServerError
from ..server.control import ModelControl
from ..server.options import ADMIN_HEADER, REPOSITORIES

KEY_VARIABLE = "TRITONE_ADMIN_KEY"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to a command."""
    parser.add_argument(
        "--model-repository", type=Path, action="append", help="default: model_repository and ensembles"
    )
    parser.add_argument(
        "--server",
        metavar="HOST:PORT",
        help="HTTP endpoint of a running server that applies the change at once",
    )
    parser.add_argument(
        "--admin-key-file", type=Path, help=f"holds the server's admin key (default: ${KEY_VARIABLE})"
    )


def repositories_of(given: argparse.Namespace) -> list[Path]:
    """Return the repositories that a command changes."""
    return given.model_repository or list(REPOSITORIES)


def server_of(given: argparse.Namespace) -> ModelControl | None:
    """Return the server of a command, None without one.

    Raises:
        ServerError: its key is not given.
    """
    if given.server is None:
        return None
    key = given.admin_key_file.read_text().strip() if given.admin_key_file else os.environ.get(KEY_VARIABLE)
    if not key:
        raise ServerError(
            "admin key: expected the one that the server was started with, got none; "
            f"give --admin-key-file or set {KEY_VARIABLE}."
        )
    return ModelControl(given.server, (ADMIN_HEADER, key))
