"""`python -m tritone.repository`: check the repositories, print findings, exit 1 if there are any."""

from __future__ import annotations

import sys

from ..errors import ArtifactError
from ..server.options import REPOSITORIES
from .checks import check_repositories


def main() -> int:
    """Check both repositories and print the findings."""
    try:
        findings = check_repositories(REPOSITORIES)
    except ArtifactError as error:
        findings = [str(error)]
    for finding in findings:
        print(finding)
    count = f"{len(findings) or 'no'} finding{'' if len(findings) == 1 else 's'}"
    print(f"{' and '.join(path.name for path in REPOSITORIES)}: {count}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
