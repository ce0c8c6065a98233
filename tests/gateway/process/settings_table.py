"""The table of settings in the documentation, written by `python -m tests.gateway.process.settings_table`."""

from __future__ import annotations

import re
from pathlib import Path

from tritone_gateway.settings.options import default_shown, fields, is_secret, option

PAGE = Path(__file__).resolve().parents[3] / "docs/gateway/README.md"
_TABLE = re.compile(r"(?<=writes this table -->\n).*?(?=<!-- end of settings -->)", re.DOTALL)


def table() -> str:
    """Return the table for the settings that there are."""
    rows = ["| setting | default | |", "|---|---|---|"]
    for name, field in fields().items():
        given = f"{option(name)}-file" if is_secret(field) else option(name)
        meaning = " ".join((field.description or "").split()).replace("|", "\\|")
        default = default_shown(field)
        rows.append(f"| `{given}` | {f'`{default}`' if default else ''} | {meaning} |")
    return "\n".join(rows) + "\n"


def written() -> str:
    """Return the table that the page has."""
    found = _TABLE.search(PAGE.read_text(encoding="utf-8"))
    assert found, f"{PAGE} has no place for the table"
    return found[0]


if __name__ == "__main__":
    PAGE.write_text(_TABLE.sub(lambda _: table(), PAGE.read_text(encoding="utf-8")), encoding="utf-8")
