"""Facts about a node: its tools, GPUs, free space and listening ports."""

from __future__ import annotations

from dataclasses import dataclass

from deploy.errors import DiskFullError, MissingToolError, UsageError
from deploy.node import Node, quoted

DOCKER_DENIED = "denied"
_TOOLS = ("rsync", "flock", "setsid", "python3")
_PACKAGES = {"flock": "util-linux", "setsid": "util-linux"}
_SPARE_BYTES = 200_000_000  # for logs and small files of environments

_SCRIPT = """
echo "ids $(id -u):$(id -g)"
echo "system $(uname -s) $(uname -m)"
for tool in TOOLS; do
  if command -v $tool >/dev/null 2>&1; then echo "tool $tool"; fi
done
if command -v docker >/dev/null 2>&1; then
  version=$(docker info --format '{{.ServerVersion}}' 2>/dev/null)
  echo "docker ${version:-denied}"
fi
if command -v nvidia-smi >/dev/null 2>&1; then
  nvidia-smi --query-gpu=name --format=csv,noheader 2>/dev/null | sed 's/^/gpu /'
fi
cd ~ && mkdir -p ROOT && cd ROOT && echo "root $(pwd)"
echo "free $(df -Pk . | awk 'NR == 2 { print $4 }')"
# 0A is TCP_LISTEN.
cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" { print "listening", $2 }'
"""


@dataclass(frozen=True)
class Facts:
    """Facts about a node."""

    root: str  # absolute path of the folder for deploys
    ids: str  # UID:GID of the user on the node
    tools: frozenset[str]  # programs found
    docker: str | None  # version of its engine, DOCKER_DENIED, or None without docker
    gpus: tuple[str, ...]  # names of NVIDIA GPUs
    free_bytes: int  # on the disk of the root folder
    listening: frozenset[int]  # TCP ports in use

    def require(self, *tools: str) -> None:
        """Raise MissingToolError for the first program that the node lacks."""
        for tool in tools:
            if tool not in self.tools:
                raise MissingToolError(
                    f"{tool}: expected it on the node, found none; install it there "
                    f"(`sudo apt-get install {_PACKAGES.get(tool, tool)}` on Debian and Ubuntu)."
                )

    def require_space(self, size: int) -> None:
        """Raise DiskFullError when a release of `size` bytes does not fit."""
        if self.free_bytes < size + _SPARE_BYTES:
            raise DiskFullError(
                f"{self.root}: expected {(size + _SPARE_BYTES) / 1e6:.0f} MB free on the node, got "
                f"{self.free_bytes / 1e6:.0f} MB; remove what is not needed (releases: --keep 2, images: "
                "docker image prune) and deploy again."
            )


def read_facts(node: Node, root: str, with_docker: bool = False) -> Facts:
    """Query a node for its facts, and create the root folder.

    Args:
        node: the node.
        root: absolute, or relative to the user's home.
        with_docker: whether a dry run assumes Docker and a GPU.

    Raises:
        UsageError: the folder cannot be created, or the node's system cannot serve.
    """
    dry_run_output = "\n".join(
        ["system Linux x86_64", "ids 1000:1000", f"root /home/USER/{root}", "free 1000000000"]
        + [f"tool {tool}" for tool in _TOOLS]
        + (["docker 28", "gpu of the node"] if with_docker else [])
    )
    command = _SCRIPT.replace("TOOLS", " ".join(_TOOLS)).replace("ROOT", quoted("{}", root))
    answer = node.run(command, dry_run_output=dry_run_output)
    if "\nroot " not in answer.output:
        raise UsageError(
            f"--root: expected a folder on the node that the user may create and enter, got {root} "
            f"({answer.complaints.strip() or 'no reason given'}); choose another."
        )
    return parse_facts(answer.output)


def parse_facts(answer: str) -> Facts:
    """Parse the output of the script.

    Raises:
        UsageError: the node's system cannot serve.
    """
    lines = [line.partition(" ")[::2] for line in answer.splitlines()]
    single = dict(lines)
    if single.get("system") != "Linux x86_64":
        raise UsageError(
            f"HOST: expected Linux on x86_64, got {single.get('system', 'no answer')}; choose another node."
        )
    return Facts(
        root=single["root"],
        ids=single["ids"],
        tools=frozenset(rest for word, rest in lines if word == "tool"),
        docker=single.get("docker"),
        gpus=tuple(rest for word, rest in lines if word == "gpu"),
        free_bytes=int(single["free"]) * 1024,
        listening=frozenset(
            int(address.rpartition(":")[2], 16) for word, address in lines if word == "listening"
        ),
    )
