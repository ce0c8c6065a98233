"""A lock on the node: one deploy at a time.

A process on the node holds the lock for as long as this process lives and is connected. If the connection
closes without the word `release`, or the heartbeat stops, the node itself stops every server that does not
serve, and releases the lock.
"""

from __future__ import annotations

import getpass
import socket
import threading
from types import TracebackType

from deploy.errors import BusyError, UnreachableError
from deploy.layout import NodeLayout
from deploy.node import Node, RemoteProcess, quoted
from deploy.progress import Progress

HEARTBEAT_S = 10.0
STALE_S = 90
_CLEANUP_S = 150  # the node stops servers, which finish their requests in flight first
_ANSWER_S = _CLEANUP_S + 30.0

# The lock is the kernel's, so it cannot outlive the process. lock.owner only records the owner and, by its
# modification time, the last heartbeat.
_SCRIPT = """
cd {root} || exit 1
exec 9>>lock
if ! flock -n 9; then
  silent=$(( $(date +%s) - $(stat -c %Y lock.owner 2>/dev/null || echo 0) ))
  read -r pid owner <lock.owner
  if [ $silent -le {stale} ]; then echo "busy $owner"; exit 0; fi
  kill "$pid" 2>/dev/null
  if ! flock -w {cleanup} 9; then echo "busy $owner"; exit 0; fi
fi
echo "$$ "{owner} >lock.owner
lost() {
  trap '' TERM
  kill $watch 2>/dev/null
  { sh tidy; sh up; } >>tidy.log 2>&1 9>&-
  rm -f lock.owner
  exit 0
}
trap lost TERM
while sleep {every}; do
  if [ $(( $(date +%s) - $(stat -c %Y lock.owner) )) -gt {stale} ]; then kill -TERM $$; fi
done >/dev/null 2>&1 </dev/null 9>&- &
watch=$!
echo held
while read -r word; do
  case $word in
    heartbeat) touch lock.owner ;;
    release) kill $watch; rm -f lock.owner; exit 0 ;;
  esac
done
lost
"""


class NodeLock:
    """Locks the node. Use it as a context manager.

    Raises:
        BusyError: another deploy holds the lock.
    """

    def __init__(self, node: Node, layout: NodeLayout, progress: Progress) -> None:
        self._node = node
        self._progress = progress
        self._command = lock_command(layout)
        self._done = threading.Event()

    def __enter__(self) -> NodeLock:
        self._holder: RemoteProcess = self._node.open(self._command)
        answer = self._holder.receive(_ANSWER_S)
        if answer != "held":
            self._holder.close(_ANSWER_S)
            if answer.startswith("busy"):
                raise BusyError(
                    f"{self._node.host}: expected no other deploy, {answer.removeprefix('busy ')} is "
                    "deploying there; wait until it is done. (A lost connection loses its lock.)"
                )
            raise UnreachableError(f"{self._node.host}: expected the lock within {_ANSWER_S:g} s, got none.")
        threading.Thread(target=self._beat, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        if error is None:
            self._holder.send("release")
        else:
            self._progress.step("Leave the node to stop what does not serve")
        self._holder.close(_CLEANUP_S)

    def require(self) -> None:
        """Raise UnreachableError when the lock was lost, and with it the right to change the node."""
        if not self._holder.is_open():
            raise UnreachableError(
                f"{self._node.host}: the connection was lost, and the lock with it; nothing more is changed. "
                "Check with `make status`, and deploy again."
            )

    def _beat(self) -> None:
        while not self._done.wait(HEARTBEAT_S):
            self._holder.send("heartbeat")


def operator() -> str:
    """Return who deploys: user@machine."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


def lock_command(layout: NodeLayout, stale_s: int = STALE_S) -> str:
    """Return the command that holds the lock; it expires `stale_s` seconds after the last heartbeat."""
    return (
        _SCRIPT.replace("{root}", quoted("{}", layout.root))
        .replace("{stale}", str(stale_s))
        .replace("{every}", str(max(1, stale_s // 3)))
        .replace("{cleanup}", str(_CLEANUP_S))
        .replace("{owner}", quoted("{}", operator()))
    )
