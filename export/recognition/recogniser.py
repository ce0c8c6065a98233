"""Shared by exporters of recognisers: front end, recordings, joining and decoding, verification."""

from __future__ import annotations

import re
from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from export.errors import InstallError
from export.family import Family
from export.installation import Stage
from export.model_set import ModelSet, without_punctuation
from export.recognition import FEATURES_MODEL
from export.recognition.labels import label_fields
from export.recognition.recordings import Recording, load_recordings
from export.verification import Check
from tritone.model_parameters import NEXT
from tritone.recognition.ctc import CtcDecoder
from tritone.recognition.labels import Labels

PARTS = (FEATURES_MODEL, "asr_windows", "asr_ctc_decoder")  # models that every recogniser is served with
WINDOWS = "asr_windows"
INT8 = "model_int8.onnx"
PIECE_S = 0.2  # that a word goes on after its last piece, which the model emits early in its sound


class RecogniserFamily(Family):
    """A CTC recogniser; a family adds its acoustic model."""

    role = "recogniser"
    acoustic_model: ClassVar[str]  #: Triton model of the network

    @abstractmethod
    def restore_network(self) -> Any:
        """Return the acoustic model as a traceable module; refuse unsupported ones."""

    @abstractmethod
    def write_network(self, path: Path) -> None:
        """Write the acoustic model's graph: features, features_length to log_probs, log_probs_length."""

    @abstractmethod
    def quantize(self, source: Path, target: Path, features: list[tuple[np.ndarray, np.ndarray]]) -> None:
        """Write the int8 variant, calibrated on features (1, M, T) and features_length (1, 1)."""

    def restore(self) -> None:
        """Load the model, and refuse unsupported ones before anything is written."""
        from export.recognition.features import LogMel

        self.model = self.load(self.checkpoint.path)
        self.front_end = LogMel(self.model.preprocessor.featurizer).eval()
        self.network = self.restore_network().eval()
        self.sample_rate_hz = int(self.model.preprocessor._sample_rate)
        self.recordings = self._recordings()

    def build(self, stage: Stage) -> None:
        """Write both graphs, the int8 variant, and the sidecars."""
        from export.onnx_graph import Graph
        from export.recognition.features import write_features

        write_features(self.front_end, stage.path(FEATURES_MODEL, "model.onnx"))
        graph = stage.path(self.acoustic_model, "model.onnx")
        self.write_network(graph)
        if self.options.quantize:
            features = Graph(stage.path(FEATURES_MODEL, "model.onnx"))
            calibration = [calibration_features(features, recording) for recording in self.recordings]
            self.quantize(graph, graph.with_name(INT8), calibration)
        for model, file, content in self._sidecars():
            stage.write_json(model, file, content)

    def verify(self, stage: Stage) -> list[Check]:
        """Compare features, log-probabilities and transcripts with NeMo."""
        from export.onnx_graph import Graph
        from export.recognition.verification import Exported, Original, verify_recognition

        int8 = stage.path(self.acoustic_model, INT8)
        exported = Exported(
            features=Graph(stage.path(FEATURES_MODEL, "model.onnx")),
            acoustic_model=Graph(stage.path(self.acoustic_model, "model.onnx")),
            int8=Graph(int8) if int8.exists() else None,
            decoder=CtcDecoder.load(stage.path("asr_ctc_decoder", "ctc.json")),
        )
        original = Original(self.model, self.decoder())
        return verify_recognition(original, exported, self.recordings, self.sample_rate_hz)

    def model_set(self) -> ModelSet | None:
        """The bundled recogniser's folders under the new names, its network's for the network."""
        root, ensembles, named = self.options.repository, self.options.ensembles, self.options.named
        if ensembles is None:
            return None
        network = partner(root / WINDOWS / "config.pbtxt", "acoustic_model")
        names = {**{part: named(part) for part in PARTS}, network: named(self.acoustic_model)}
        return ModelSet(root, ensembles, names, self.options.suffix)

    def edit_config(self, name: str, text: str) -> str:
        """Leave punctuation out behind a recogniser that writes marks and capitals itself."""
        if not self.writes_marks:
            return text
        punctuation = partner(self.options.repository / WINDOWS / "config.pbtxt", NEXT)
        if name == self.options.named(WINDOWS):
            return "".join(line for line in text.splitlines(True) if f'"{NEXT}"' not in line)
        return without_punctuation(text, punctuation)

    @property
    def writes_marks(self) -> bool:
        """Whether the labels have capitals and full stops."""
        return "." in self.labels and any(label != label.lower() for label in self.labels)

    def obsolete(self) -> dict[str, list[str]]:
        """The int8 graph of an earlier checkpoint, where none replaces it."""
        return {} if self.options.quantize else {self.acoustic_model: [INT8]}

    @property
    def labels(self) -> list[str]:
        """What the checkpoint spells with, in the order of its outputs; the blank comes after the last."""
        return [str(label) for label in self.decoder().vocabulary]

    def decoder(self) -> Any:
        """The NeMo module that turns encoded frames into log-probabilities."""
        return self.model.decoder

    @property
    def stride(self) -> int:
        """Frames of features per frame of log-probabilities."""
        return int(self.model.encoder.subsampling_factor)

    def _recordings(self) -> list[Recording]:
        source = self.options.calibration
        if source is None or (not self.options.quantize and not source.exists()):
            return []
        return load_recordings(source, self.sample_rate_hz)

    def _network(self) -> dict[str, Any]:
        return {
            **self.provenance(),
            "mels": self.network.mels,
            "stride": self.stride,
            "labels": self.labels,
            "blank_index": len(self.labels),
        }

    def _sidecars(self) -> list[tuple[str, str, dict[str, Any]]]:
        front_end, rate_hz = self.front_end, self.sample_rate_hz
        frame_samples = front_end.hop * self.stride
        labels = label_fields(self.model, self.labels)
        end_pad_s = PIECE_S if Labels.of(labels).are_pieces else 0.0
        features = {
            "sample_rate_hz": rate_hz,
            "mels": front_end.mels,
            "window_samples": front_end.window,
            "hop_samples": front_end.hop,
            "fft_size": front_end.fft_size,
            "preemphasis": front_end.preemphasis,
            "normalize": front_end.normalize or None,
            "bucket_frames": front_end.bucket_frames,
        }
        windows = {"sample_rate_hz": rate_hz, "frame_samples": frame_samples, **labels}
        return [
            (FEATURES_MODEL, "features.json", features),
            (self.acoustic_model, "network.json", self._network()),
            ("asr_windows", "windows.json", windows),
            (
                "asr_ctc_decoder",
                "ctc.json",
                {"frame_s": frame_samples / rate_hz, "end_pad_s": end_pad_s, **labels},
            ),
        ]


def calibration_features(features: Any, recording: Recording) -> tuple[np.ndarray, np.ndarray]:
    """The features of one recording as the server computes them."""
    samples = recording.samples[None]
    computed = features(audio=samples, audio_length=np.array([[samples.shape[1]]], dtype=np.int64))
    return computed["features"], computed["features_length"]


def partner(config: Path, parameter: str) -> str:
    """The model that a parameter of a config names.

    Raises:
        InstallError: there is no such config, or it names none.
    """
    text = config.read_text(encoding="utf-8") if config.is_file() else ""
    found = re.search(rf'key: "{parameter}" value: {{ string_value: "(\w+)"', text)
    if found is None:
        raise InstallError(f"{config}: expected a parameter {parameter}, found none; a set is made after it.")
    return found[1]
