"""A further set of models beside the bundled one: folders and pipelines under a name of its own.

Its configs are copies of those of the first set with the new names in them, so that hand-written configs stay
the one source of limits, queues and comments.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from export.errors import InstallError
from export.installation import MODULE_NAME, newest_code
from tritone.errors import ArtifactError

NAME = re.compile(r"(?!(.*_)?canary$)(?!stream(_|$))[a-z][a-z0-9]*(_[a-z0-9]+)*")  # a canary ends in _canary,
# and text_to_speech_stream is a public model
_STEP = re.compile(r"  step \{\n(?:    .*\n)*?  \}\n")


@dataclass(frozen=True)
class ModelSet:
    """What is to be there, and what its configs start from."""

    repository: Path
    ensembles: Path
    renamed: Mapping[str, str]  #: model of the set that is there to model of the new one
    suffix: str  #: of the new pipelines' names
    version: int = 1  #: that the new models are served in
    templates: Mapping[str, Path] = field(default_factory=dict)  #: folder of configs by new model, for a
    #: network that takes other inputs than the one that is there
    without: Sequence[str] = ()  #: config variants that the new models do not have, e.g. int8

    def create(self, edit: Callable[[str, str], str] = lambda name, text: text) -> list[Path]:
        """Write the folders that are missing.

        Args:
            edit: takes the name of a new model or pipeline and the text of its config, returns the text.

        Returns:
            The folders made.

        Raises:
            InstallError: a folder cannot be written. After this or any other error those made are removed.
        """
        made: list[Path] = []
        pipelines = {pipeline: pipeline + self.suffix for pipeline in self._pipelines()}
        try:
            for source, target in self.renamed.items():
                folder = self.templates.get(target, self.repository / source)
                self._copy(folder, self.repository / target, pipelines, edit, made)
            for pipeline, target in pipelines.items():
                folder = self.ensembles / pipeline
                self._copy(folder, folder.with_name(target), pipelines, edit, made)
        except OSError as error:
            remove(made)
            raise InstallError(
                f"repository: {error.filename} could not be written ({error}); nothing was changed."
            ) from error
        except ArtifactError as error:
            remove(made)
            raise InstallError(f"{made[-1].name}: {error} Nothing was changed.") from error
        except BaseException:
            remove(made)
            raise
        return made

    def _pipelines(self) -> list[str]:
        """The pipelines that use a model of the set, canaries and the new set's own ones aside."""
        found = []
        for config in sorted(self.ensembles.glob("*/config.pbtxt")):
            steps = set(re.findall(r'model_name: "(\w+)"', config.read_text(encoding="utf-8")))
            name = config.parent.name
            first = name.removesuffix(self.suffix)
            made = first != name and (self.ensembles / first).is_dir()  # not speech_to_text of a set `text`
            if steps & self.renamed.keys() and not made and not name.endswith("_canary"):
                found.append(name)
        return found

    def _copy(
        self,
        source: Path,
        target: Path,
        pipelines: Mapping[str, str],
        edit: Callable[[str, str], str],
        made: list[Path],
    ) -> None:
        if target.exists():
            return
        made.append(target)
        names = {**pipelines, **self.renamed, source.name: target.name}  # streams call a pipeline
        # The pattern includes *.pbtxt.unused, set aside while there is no engine.
        for config in sorted(source.glob("**/*.pbtxt*")):
            if config.name in [f"{variant}.pbtxt" for variant in self.without]:
                continue
            text = renamed(config.read_text(encoding="utf-8"), names)
            copy = target / config.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(edit(target.name, self._in_version(text, target.parent)), encoding="utf-8")
        version = target / str(self.version if target.parent == self.repository else 1)
        version.mkdir()
        code = newest_code(source)
        if code is not None:
            shutil.copyfile(code, version / MODULE_NAME)
        if target.parent == self.ensembles:
            (version / ".gitkeep").touch()  # Triton wants a version folder, and git keeps no empty one

    def _in_version(self, text: str, root: Path) -> str:
        """The config of a new model that serves its version, or of a new pipeline that uses it.

        Other models of a pipeline keep the versions that the first set's pipeline uses.
        """
        from tritone.repository.versions.edits import with_pins, with_policy  # the registry has no protobuf

        if root == self.repository:
            return with_policy(text, [self.version])
        return with_pins(text, dict.fromkeys(self.renamed.values(), self.version))


def remove(folders: Sequence[Path]) -> None:
    """Remove folders and what is in them."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def renamed(text: str, names: Mapping[str, str]) -> str:
    """A config with models' names replaced wherever they are quoted."""
    return re.sub(r'"(\w+)"', lambda found: f'"{names.get(found[1], found[1])}"', text)


def without_parameter(text: str, name: str) -> str:
    """A config without one of its parameters."""
    return "".join(line for line in text.splitlines(keepends=True) if f'key: "{name}"' not in line)


def without_punctuation(text: str, windows: str) -> str:
    """A recognition pipeline whose transcript is its text, for a recogniser that writes marks itself.

    Args:
        text: of the pipeline's config.
        windows: the model of its punctuation step.
    """
    step = next((found[0] for found in _STEP.finditer(text) if f'"{windows}"' in found[0]), "")
    source = re.search(r'input_map \{ key: "transcript" value: "(\w+)" \}', step)
    if source is None:
        return text
    text = text.replace(step, "").replace(f'value: "{source[1]}"', 'value: "text"')
    to_write = re.search(r'output_map \{ key: "text_to_write" value: "(\w+)" \}', step)
    if to_write is None:
        return text
    # The written form then takes the decoder's second copy of the transcript.
    copy = f'    output_map {{ key: "transcript_to_write" value: "{to_write[1]}" }}\n'
    return re.sub(rf'.*key: "{source[1]}" value: "text" \}}\n', lambda line: line[0] + copy, text)
