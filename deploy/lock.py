"""One deploy at a time: a lock on the node that its holder cannot forget.

A session on the node holds the lock as long as this process lives and is connected. When the connection ends
without a farewell, or its heartbeat stays away, the node itself stops every server that does not serve, and
lets go.
"""

from __future__ import annotations

import getpass
import socket
import threading
from types import TracebackType

from deploy.errors import BusyError, UnreachableError
from deploy.layout import Layout
from deploy.node import Node, Session, quoted
from deploy.progress import Progress

HEARTBEAT_S = 10.0
STALE_S = 90
_TIDY_S = 150  # the node stops servers; requests in flight are finished first
_ANSWER_S = _TIDY_S + 30.0

# The lock is the kernel's: it cannot outlive the session. lock.owner only tells who and, by its time, since
# when nothing was heard.
_SCRIPT = """
cd {root} || exit 1
exec 9>>lock
if ! flock -n 9; then
  silent=$(( $(date +%s) - $(stat -c %Y lock.owner 2>/dev/null || echo 0) ))
  read -r pid owner <lock.owner
  if [ $silent -le {stale} ]; then echo "busy $owner"; exit 0; fi
  kill "$pid" 2>/dev/null
  if ! flock -w {timeouts} 9; then echo "busy $owner"; exit 0; fi
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
    beat) touch lock.owner ;;
    farewell) kill $watch; rm -f lock.owner; exit 0 ;;
  esac
done
lost
"""


class NodeLock:
    """Keeps others from deploying to the node. Use it as a context manager.

    Raises:
        BusyError: somebody else holds it.
    """

    def __init__(self, node: Node, layout: Layout, progress: Progress) -> None:
        self._node = node
        self._progress = progress
        self._command = lock_command(layout)
        self._session: Session | None = None
        self._done = threading.Event()

    def __enter__(self) -> NodeLock:
        self._session = self._node.session(self._command)
        answer = self._session.hear(_ANSWER_S)
        if answer != "held":
            self._session.close(_ANSWER_S)
            if answer.startswith("busy"):
                raise BusyError(
                    f"{self._node.host}: expected to be alone, but {answer.removeprefix('busy ')} is "
                    "deploying there; wait until that is done. (A lost connection loses its lock.)"
                )
            raise UnreachableError(f"{self._node.host}: expected the lock within {_ANSWER_S:g} s, got none.")
        threading.Thread(target=self._beat, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        if self._session is None:
            return
        if error is None:
            self._session.say("farewell")
        else:
            self._progress.step("Leave the node to stop what does not serve")
        self._session.close(_TIDY_S)

    def require(self) -> None:
        """Raise UnreachableError when the lock was lost, and with it the right to change the node."""
        if self._session is None or not self._session.is_open():
            raise UnreachableError(
                f"{self._node.host}: the lock was lost with its connection; nothing further is changed. Look "
                "with `make status`, and deploy again."
            )

    def _beat(self) -> None:
        while not self._done.wait(HEARTBEAT_S):
            if self._session is not None:
                self._session.say("beat")


def lock_command(layout: Layout, stale_s: int = STALE_S) -> str:
    """Return the command of the session that holds the lock; lost `stale_s` after the last heartbeat."""
    owner = f"{getpass.getuser()}@{socket.gethostname()}"
    return (
        _SCRIPT.replace("{root}", quoted("{}", layout.root))
        .replace("{stale}", str(stale_s))
        .replace("{every}", str(max(1, stale_s // 3)))
        .replace("{timeouts}", str(_TIDY_S))
        .replace("{owner}", quoted("{}", owner))
    )
