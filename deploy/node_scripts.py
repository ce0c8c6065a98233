"""Scripts that lie in a node's root folder, so that it can act without this machine."""

from __future__ import annotations

from deploy.layout import Layout
from deploy.node import quoted

_TIDY = """# Stops every server but that of the release that `current` leads to. Written by `make deploy`.
cd {root} || exit 1
serving=$(readlink current)
for folder in releases/*/; do
  folder=${folder%/}
  if [ "$folder" != "$serving" ] && [ -f "$folder/alive" ] && sh "$folder/alive" >/dev/null 2>&1; then
    echo "$(date -u +%FT%TZ) stopping $folder"
    sh "$folder/stop"
  fi
done
"""

_UP = """# Starts the serving release and the proxy where they do not run: after a restart of the node.
# Written by `make deploy`; for cron: @reboot sh {root}/up
cd {root} || exit 1
if ! [ -e current ] || ! [ -f front/start ]; then exit 0; fi
if ! sh current/alive >/dev/null 2>&1; then sh current/start; fi
if ! sh front/alive >/dev/null 2>&1; then sh front/start; fi
"""

_FOLDERS = """cd {root} && mkdir -p releases environments front engine-cache && chmod 700 front || exit 1
if [ ! -s admin-key ]; then
  (umask 077; od -An -N24 -tx1 /dev/urandom | tr -d ' \\n' >admin-key)
fi"""


def folders_command(layout: Layout) -> str:
    """Return the command that makes the folders of the root, and the key to model control."""
    return _rooted(_FOLDERS, layout)


def node_scripts(layout: Layout) -> dict[str, str]:
    """Return the scripts by their path."""
    return {layout.tidy: _rooted(_TIDY, layout), f"{layout.root}/up": _rooted(_UP, layout)}


def _rooted(script: str, layout: Layout) -> str:
    return script.replace("{root}", quoted("{}", layout.root))
