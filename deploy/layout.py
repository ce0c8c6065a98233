"""Where everything lies on a node."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReleaseFolder:
    """One release on the node."""

    path: str  # absolute

    @property
    def tree(self) -> str:
        """The copied tree that the server runs from."""
        return f"{self.path}/tree"

    @property
    def record(self) -> str:
        """What is known about the release, as JSON."""
        return f"{self.path}/release.json"

    @property
    def routes(self) -> str:
        """What the proxy reads of the release that `current` points to."""
        return f"{self.path}/routes"

    def script(self, name: str) -> str:
        """Return the path of its script: start, stop, alive, log or discard."""
        return f"{self.path}/{name}"


@dataclass(frozen=True)
class Layout:
    """Paths under the root folder."""

    root: str  # absolute

    def release(self, release_id: str) -> ReleaseFolder:
        """Return the folder of a release."""
        return ReleaseFolder(f"{self.root}/releases/{release_id}")

    @property
    def incoming(self) -> str:
        """The tree that is being copied; it becomes a release when it is complete."""
        return f"{self.root}/releases/.incoming"

    @property
    def current(self) -> str:
        """Link to the release that serves: the one truth about it, which the proxy follows."""
        return f"{self.root}/current"

    @property
    def previous(self) -> str:
        """Link to the release that served before."""
        return f"{self.root}/previous"

    @property
    def environments(self) -> str:
        """Virtual environments by the hash of their lock files, shared by releases."""
        return f"{self.root}/environments"

    @property
    def engine_cache(self) -> str:
        """TensorRT engines and timing caches, shared by releases."""
        return f"{self.root}/engine-cache"

    @property
    def front(self) -> str:
        """The proxy: Envoy's bootstrap, clusters, log and admin socket."""
        return f"{self.root}/front"

    @property
    def admin_socket(self) -> str:
        """Envoy's admin endpoint; only the node's user can open it."""
        return f"{self.front}/admin.sock"

    @property
    def admin_key(self) -> str:
        """File with the key that unlocks model control of the servers."""
        return f"{self.root}/admin-key"

    @property
    def tidy(self) -> str:
        """Script that stops every server but that of `current`."""
        return f"{self.root}/tidy"
