"""How a model uses the cores: number of parallel instances, and threads within each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from perf.instruments.errors import MeasurementError

DEFAULT_INSTANCES = 2  # that Triton starts on a CPU without an instance_group in the config
THREADS = "intra_op_thread_count"


class TuneError(MeasurementError):
    """Tuning cannot go on; the message names the remedy."""


@dataclass(frozen=True, order=True)
class Setting:
    """One way to run a model on a CPU."""

    instances: int  # requests, or batches, processed in parallel
    threads: int  # of ONNX Runtime within an operator

    @classmethod
    def of(cls, config: Any, cores: int) -> Setting:
        """Return the setting of a config on a machine with this number of cores.

        Without a thread count, the instances share the cores (tritone/onnx_backend/settings.py).
        """
        instances = sum(group.count or 1 for group in config.instance_group) or DEFAULT_INSTANCES
        threads = config.parameters[THREADS].string_value if THREADS in config.parameters else ""
        return cls(instances, int(threads or 0) or max(1, cores // instances))

    def apply(self, config: Any) -> None:
        """Write it into a ModelConfig, replacing the present setting."""
        del config.instance_group[:]
        config.instance_group.add(count=self.instances, kind=model_config_pb2.ModelInstanceGroup.KIND_CPU)
        config.parameters[THREADS].string_value = str(self.threads)

    def lines(self) -> str:
        """Return it as lines of a config.pbtxt."""
        config = model_config_pb2.ModelConfig()
        self.apply(config)
        return "".join(
            f"{name} {{ {text_format.MessageToString(message, as_one_line=True)} }}\n"
            for name, message in _parts(config)
        )

    def __str__(self) -> str:
        """Format it for a table."""
        return f"{self.instances} × {self.threads}"  # noqa: RUF001


def _parts(config: Any) -> Iterator[tuple[str, Any]]:
    for descriptor, value in config.ListFields():
        if descriptor.name == "parameters":
            for key in sorted(value):
                yield "parameters", type(config).ParametersEntry(key=key, value=value[key])
        else:
            for message in value:
                yield descriptor.name, message


def grid(
    cores: int, instances: Sequence[int] | None = None, threads: Sequence[int] | None = None
) -> list[Setting]:
    """Return the settings to try on a machine.

    Args:
        cores: available to this process.
        instances: only these counts.
        threads: only these counts.

    Returns:
        Combinations of powers of two and the number of cores. Unless counts are given, only those whose total
        number of threads is between half and twice the number of cores.
    """
    steps = sorted({2**power for power in range(cores.bit_length()) if 2**power <= cores} | {cores})
    free = instances is None and threads is None
    return [
        Setting(count, within)
        for count in instances or steps
        for within in threads or steps
        if not free or cores <= 2 * count * within <= 4 * cores
    ]
