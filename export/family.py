"""The steps that every model family shares: restore, build, verify, install."""

from __future__ import annotations

import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from export.checkpoint import Checkpoint
from export.comparison import Comparison
from export.configs import (
    WarmUpRatio,
    fitted_configs,
    graph_dims,
    require_inputs,
    require_one_interface,
    write_configs,
)
from export.errors import CheckpointError, ExportError, InstallError, UnsupportedCheckpointError
from export.graph_file import LARGEST_BYTES
from export.installation import Stage, install, other_versions
from export.model_set import ModelSet, remove
from export.published import Published
from export.verification import Check, require, table

if TYPE_CHECKING:
    from export.tensorrt.models import EngineModel


@dataclass(frozen=True)
class Options:
    """Options of an export."""

    repository: Path  #: model repository to install into
    version: int = 1  #: version folder
    names: Collection[str] = ()  #: install only these models; all of the family's when empty
    calibration: Path | None = None  #: recordings for the int8 variant, a folder or a manifest
    quantize: bool = True  #: whether to make the int8 variant
    half: bool = False  #: whether to round a recogniser's weights to float16
    largest_bytes: int = LARGEST_BYTES  #: of weights in a recogniser's graph; more go into a data file
    ensembles: Path | None = None  #: pipelines; those of a new set are made there
    suffix: str = ""  #: ends the names of the target models, for a second set of them

    def named(self, model: str) -> str:
        """The folder that a family's model is installed into."""
        return model + self.suffix


class Family(ABC):
    """One kind of checkpoint: what is exported from it, and how that is verified against NeMo.

    The class is imported wherever families are looked up: its module must import neither torch nor NeMo.
    """

    name: ClassVar[str]  #: of the family's package
    role: ClassVar[str]  #: in a pipeline: recogniser, punctuation, spectrograms or vocoder
    class_name: ClassVar[str]  #: NeMo class
    nemo_models: ClassVar[str] = ""  #: the module of that class; empty for a class that is not NeMo's
    describes: ClassVar[str]  #: what is supported of that class, for error messages
    models: ClassVar[tuple[str, ...]]  #: Triton models that it writes files for
    network_model: ClassVar[str] = ""  #: the one of the network, if a further set of models can be made
    published: ClassVar[Mapping[str, Published | str]] = MappingProxyType({})
    """Checkpoints that can be fetched, by name; a string is a path on NGC."""
    comparison: ClassVar[Comparison | None] = None  #: how its graph is timed against NeMo

    def __init__(self, checkpoint: Checkpoint, options: Options):
        self.checkpoint = checkpoint
        self.options = options
        self.model: Any = None  # the NeMo model, once restored
        self.together: Sequence[Family] = ()  # all that one command exports
        self.created: Sequence[Path] = ()  # folders of a further set that were not there before
        self.written: list[Path] = []  # files installed, once the export is done

    @classmethod
    def accepts(cls, config: Mapping[str, Any]) -> bool:
        """Whether a checkpoint of the class belongs to this family, by its model_config.yaml."""
        return True

    @classmethod
    def load(cls, path: Path) -> Any:
        """Return the NeMo model of a checkpoint, in eval mode, without network access.

        Raises:
            UnsupportedCheckpointError: the family is not of a NeMo class.
        """
        if not cls.nemo_models:
            raise UnsupportedCheckpointError(f"{path.name}: expected a checkpoint of a NeMo class.")
        nemo_class = getattr(import_module(cls.nemo_models), cls.class_name)
        return nemo_class.restore_from(str(path), map_location="cpu").eval()

    @classmethod
    def engines(cls) -> Sequence[EngineModel]:
        """The models that TensorRT engines are built for."""
        return ()

    @classmethod
    def write_random(cls, path: Path) -> None:
        """Write a checkpoint of the published size with random weights, for measuring speed.

        Raises:
            UnsupportedCheckpointError: the family has none.
        """
        raise UnsupportedCheckpointError(f"{cls.name}: expected a family with random checkpoints.")

    @abstractmethod
    def restore(self) -> None:
        """Load the NeMo model, in eval mode, without network access."""

    @abstractmethod
    def build(self, stage: Stage) -> None:
        """Write graphs and sidecars."""

    @abstractmethod
    def verify(self, stage: Stage) -> list[Check]:
        """Compare the written files with the NeMo model."""

    def obsolete(self) -> dict[str, list[str]]:
        """Files of an earlier export that this one does not write, by model."""
        return {}

    def warm_up_ratios(self) -> dict[str, WarmUpRatio]:
        """Relations between the lengths of warm-up tensors, by model."""
        return {}

    def provenance(self) -> dict[str, Any]:
        """Where the weights come from, for the sidecars."""
        return {
            "checkpoint": self.checkpoint.path.name,
            "checkpoint_sha256": self.checkpoint.sha256,
            "model_class": self.checkpoint.class_name,
            "parameters": sum(parameter.numel() for parameter in self.model.parameters()),
        }

    def run(self, report: Callable[[str], None] = print) -> list[Check]:
        """Export the checkpoint alone: `check` and `install`.

        Args:
            report: called with each line of output.

        Returns:
            The checks, all passed.

        Raises:
            ExportError: unsupported, not equal to NeMo, or not writable. The repository is then unchanged.
        """
        with tempfile.TemporaryDirectory(prefix="tritone-export-") as folder:
            stage = Stage(Path(folder))
            checks = self.check(stage, report)
            self.install(stage, report)
        return checks

    def check(self, stage: Stage, report: Callable[[str], None] = print) -> list[Check]:
        """Build the files in a stage and compare them with NeMo; the repository stays as it is.

        Returns:
            The checks, all passed.

        Raises:
            ExportError: unsupported, or not equal to NeMo.
        """
        unknown = set(self.options.names) - set(self.models)
        if unknown:
            known, given = ", ".join(self.models), ", ".join(sorted(unknown))
            raise ExportError(f"name: expected {known} for a {self.class_name}, got {given}.")
        report(f"{self.checkpoint.path.name}: {self.class_name}, sha256 {self.checkpoint.sha256[:12]}")
        self._require_config()
        self._restore()
        self.build(stage)
        checks = self.verify(stage)
        report(table(checks))
        require(checks)
        return checks

    def install(self, stage: Stage, report: Callable[[str], None] = print) -> None:
        """Install what `check` has left in a stage, all of it or nothing.

        Raises:
            ExportError: it cannot be written or served; the repository is unchanged.
        """
        unselected = set(self.models) - set(self.options.names or self.models)
        for model in unselected:
            shutil.rmtree(stage.root / model, ignore_errors=True)
        named = self.options.named
        stage.rename(named)
        graphs = {path.parent.name: path for path in sorted(stage.root.glob("*/model.onnx"))}
        dims = {model: graph_dims(path) for model, path in graphs.items()}
        old = self.obsolete().items()
        obsolete = {named(model): files for model, files in old if model not in unselected}
        ratios = {named(model): ratio for model, ratio in self.warm_up_ratios().items()}
        created = self.created = self._created_set()
        try:
            require_inputs(self.options.repository, graphs)
            fitted = fitted_configs(self.options.repository, dims, ratios)
            require_one_interface(fitted, self.options.repository, self.options.version)
            self.written = install(stage, self.options.repository, self.options.version, obsolete)
        except BaseException:
            remove(created)
            raise
        for path in created:
            report(f"made {path}")
        for path in self.written:
            report(f"wrote {path} ({path.stat().st_size / 1e6:.2f} MB)")
        write_configs(fitted)
        for path in fitted:
            report(f"fitted dims in {path}")
        from tritone.repository.input_limits import raised_limits  # the registry is read without protobuf

        raised = raised_limits(self.options.repository)
        write_configs(raised)
        for path in raised:
            report(f"raised the limits of inputs in {path}")
        models = map(named, self.models)
        if others := other_versions(self.options.repository, models, self.options.version):
            report(
                f"version {self.options.version} is installed beside {', '.join(map(str, others))}; "
                "`make versions` shows which one is served, and switches the traffic"
            )

    def model_set(self) -> ModelSet | None:
        """What a further set of the family's models is made from; None where it has to be written by hand."""
        return None

    def edit_config(self, name: str, text: str) -> str:
        """Fit the config of a model or pipeline of a further set."""
        return text

    def _created_set(self) -> list[Path]:
        """Make the folders of a further set, where one was asked for."""
        wanted = self.model_set() if self.options.ensembles else None
        return [] if wanted is None else wanted.create(self.edit_config)

    def _require_config(self) -> None:
        """Refuse what could not be served, before the work of an export.

        Raises:
            InstallError: a further set of the family cannot be made, or has another network already; or the
                repository has configs, but none for the network.
        """
        repository, model = self.options.repository, self.options.named(self.network_model)
        if self.options.ensembles:
            if self.model_set() is None:
                raise InstallError(
                    f"{self.checkpoint.path.name}: expected a recogniser or a voice to make a set of that "
                    f"name from, got a {self.class_name}; export it without NAME."
                )
            return
        missing = self.network_model and not (repository / model / "config.pbtxt").is_file()
        if missing and any(repository.glob("*/config.pbtxt")):
            raise InstallError(
                f"{self.checkpoint.path.name}: expected a config of {model} in {repository}, found none; "
                "export the checkpoint beside the bundled models with NAME=..., which makes one."
            )

    def _restore(self) -> None:
        try:
            self.restore()
        except ExportError:
            raise
        except Exception as error:  # whatever NeMo, torch or omegaconf raise for the archive
            reason = " ".join(str(error).split())[:300] or type(error).__name__
            raise CheckpointError(
                f"checkpoint: NeMo cannot restore {self.checkpoint.path.name} ({reason}); "
                "check that the same NeMo class loads it."
            ) from error
