"""Files on a node: where deploys keep them, and the scripts that let the node act without this machine."""

from __future__ import annotations

from deploy.node import quoted

_TIDY = """# Stops every server except that of the release that `current` points to. Written by `make deploy`.
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

_UP = """# Starts the serving release and the proxy if they are not running, e.g. after a reboot.
# Written by `make deploy`; for cron: @reboot sh {root}/up
cd {root} || exit 1
if ! [ -e current ] || ! [ -f front/start ]; then exit 0; fi
if ! sh current/alive >/dev/null 2>&1; then sh current/start; fi
if ! sh front/alive >/dev/null 2>&1; then sh front/start; fi
"""

_FOLDERS = """cd {root} && mkdir -p releases environments front engine-cache gateway-data || exit 1
chmod 700 front gateway-data || exit 1
if [ ! -s admin-key ]; then
  (umask 077; od -An -N24 -tx1 /dev/urandom | tr -d ' \\n' >admin-key)
fi"""


class ReleaseFolder:
    """Paths of one release on the node."""

    def __init__(self, path: str) -> None:
        self.path = path  # absolute
        self.tree = f"{path}/tree"  # the copied tree that the server runs from
        self.record = f"{path}/release.json"  # a state.Release
        self.routes = f"{path}/routes"  # the proxy reads these through the link `current`

    def script(self, name: str) -> str:
        """Return the path of one of its scripts: start, stop, alive, log or discard."""
        return f"{self.path}/{name}"


class NodeLayout:
    """Paths under the root folder.

    Args:
        root: absolute path on the node.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self.incoming = f"{root}/releases/.incoming"  # tree being copied; renamed when complete
        self.current = f"{root}/current"  # link to the serving release, which the proxy follows
        self.environments = f"{root}/environments"  # virtual environments by the hash of their lock files
        self.engine_cache = f"{root}/engine-cache"  # TensorRT engines and timing caches of all releases
        self.front = f"{root}/front"  # the proxy: Envoy's bootstrap, clusters, log and admin socket
        self.admin_socket = f"{self.front}/admin.sock"  # Envoy's admin endpoint, for the node's user only
        self.gateway_data = f"{root}/gateway-data"  # records, keys and audit log of all releases' gateways
        self.admin_key = f"{root}/admin-key"  # file with the key for model control
        self.tidy = f"{root}/tidy"

    def release(self, release_id: str) -> ReleaseFolder:
        """Return the folder of a release."""
        return ReleaseFolder(f"{self.root}/releases/{release_id}")

    def folders_command(self) -> str:
        """Return the command that creates the root's folders, and the key for model control."""
        return self._rooted(_FOLDERS)

    def scripts(self) -> dict[str, str]:
        """Return the scripts in the root folder, by path."""
        return {self.tidy: self._rooted(_TIDY), f"{self.root}/up": self._rooted(_UP)}

    def _rooted(self, script: str) -> str:
        return script.replace("{root}", quoted("{}", self.root))
