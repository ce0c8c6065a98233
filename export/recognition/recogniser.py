"""Shared by exporters of recognisers: front end, recordings, joining and decoding, verification."""

from __future__ import annotations

import shutil
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from export.family import Family
from export.installation import Stage
from export.model_set import ModelSet, without_parameter, without_punctuation
from export.partners import partner, require_partner
from export.recognition import FEATURES_MODEL
from export.recognition.labels import label_fields
from export.recognition.language_model import inherited, spells_alike
from export.recognition.recordings import Recording, load_recordings
from export.recognition.streaming import STREAM, stream_fields
from export.verification import Check
from tritone.model_parameters import NEXT
from tritone.recognition.ctc import CtcDecoder
from tritone.recognition.labels import Labels
from tritone.recognition.language_model import FILE_NAMES

if TYPE_CHECKING:
    from export.tensorrt.models import EngineModel

WINDOWS, DECODER = "asr_windows", "asr_ctc_decoder"
PARTS = (FEATURES_MODEL, WINDOWS, DECODER, STREAM)  # models that every recogniser is served with
INT8 = "model_int8.onnx"
INT8_VARIANT = "int8"  # config variant that serves it
PIECE_S = 0.2  # that a word goes on after its last piece, which the model emits early in its sound


class RecogniserFamily(Family):
    """A CTC recogniser; a family adds its acoustic model."""

    role = "recogniser"
    nemo_models = "nemo.collections.asr.models"
    encoder: ClassVar[str] = ""  #: NeMo class of the encoder, where others of the NeMo class go elsewhere
    quantized: ClassVar[tuple[str, ...]]  #: operators of the int8 variant, that of the output layer first

    @classmethod
    def accepts(cls, config: Mapping[str, Any]) -> bool:
        """Whether the encoder is of the family's class."""
        target = str((config.get("encoder") or {}).get("_target_"))
        return not cls.encoder or target.rpartition(".")[2] == cls.encoder

    @classmethod
    def engines(cls) -> Sequence[EngineModel]:
        """Front end and acoustic model."""
        from export.recognition.engine import AcousticEngine, front_end

        return front_end(), AcousticEngine(cls.network_model)

    @abstractmethod
    def restore_network(self) -> Any:
        """Return the acoustic model as a traceable module; refuse unsupported ones.

        Its forward() takes features and features_length and returns log_probs and log_probs_length;
        `mels` and `classes` tell their sizes.
        """

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
        from export.half_weights import store_halves
        from export.onnx_graph import Graph
        from export.recognition.acoustic_graph import write_acoustic_model
        from export.recognition.features import write_features
        from export.recognition.quantization import quantize

        write_features(self.front_end, stage.path(FEATURES_MODEL, "model.onnx"))
        graph, largest = stage.path(self.network_model, "model.onnx"), self.options.largest_bytes
        write_acoustic_model(self.network, graph, largest)
        features = Graph(stage.path(FEATURES_MODEL, "model.onnx"))
        if self.options.quantize:
            calibration = [calibration_features(features, recording) for recording in self.recordings]
            quantize(graph, graph.with_name(INT8), calibration, self.quantized, largest)
        store_halves(graph, rounded=self.options.half, largest=largest)
        sidecars = self._sidecars()
        for model, file, content in sidecars:
            stage.write_json(model, file, content)
        if self._has_streams:
            contents = {file: content for _, file, content in sidecars}
            front_end, decoder = contents["features.json"], contents["ctc.json"]
            fields = stream_fields(features, graph, self.recordings, front_end, decoder)
            stage.write_json(STREAM, "stream.json", fields)
        for path in inherited(self._decoder_folder, self.options.version, self._label_fields()):
            shutil.copyfile(path, stage.path(DECODER, path.name))

    def verify(self, stage: Stage) -> list[Check]:
        """Compare features, log-probabilities and transcripts with NeMo."""
        from export.onnx_graph import Graph
        from export.recognition.verification import Exported, Original, verify_recognition

        int8 = stage.path(self.network_model, INT8)
        exported = Exported(
            features=Graph(stage.path(FEATURES_MODEL, "model.onnx")),
            acoustic_model=Graph(stage.path(self.network_model, "model.onnx")),
            int8=Graph(int8) if int8.exists() else None,
            decoder=CtcDecoder.load(stage.path(DECODER, "ctc.json")),
            half=self.options.half,
        )
        original = Original(self.model, self.decoder())
        return verify_recognition(original, exported, self.recordings, self.sample_rate_hz)

    def model_set(self) -> ModelSet | None:
        """The bundled recogniser's folders under the new names, its network's for the network."""
        root, ensembles, named = self.options.repository, self.options.ensembles, self.options.named
        if ensembles is None:
            return None
        network = partner(root / WINDOWS / "config.pbtxt", "acoustic_model")
        parts = [part for part in PARTS if part != STREAM or self._has_streams]
        names = {**{part: named(part) for part in parts}, network: named(self.network_model)}
        require_partner(root / named(WINDOWS) / "config.pbtxt", "acoustic_model", named(self.network_model))
        without = () if self.options.quantize else (INT8_VARIANT,)
        suffix, version = self.options.suffix, self.options.version
        return ModelSet(root, ensembles, names, suffix, version, without=without)

    def edit_config(self, name: str, text: str) -> str:
        """Leave punctuation out behind a recogniser that writes marks and capitals itself."""
        if not self.writes_marks:
            return text
        punctuation = partner(self.options.repository / WINDOWS / "config.pbtxt", NEXT)
        if name == self.options.named(WINDOWS):
            return without_parameter(text, NEXT)
        return without_punctuation(text, punctuation)

    @property
    def _has_streams(self) -> bool:
        """Whether the repository has the model that recognises streams, or is empty."""
        root = self.options.repository
        return (root / STREAM / "config.pbtxt").is_file() or not any(root.glob("*/config.pbtxt"))

    @property
    def writes_marks(self) -> bool:
        """Whether the labels have capitals and full stops."""
        return "." in self.labels and any(label != label.lower() for label in self.labels)

    def obsolete(self) -> dict[str, list[str]]:
        """What belongs to an earlier checkpoint alone: its int8 graph, a language model for its labels."""
        obsolete = {} if self.options.quantize else {self.network_model: [INT8]}
        if not spells_alike(self._decoder_folder / str(self.options.version), self._label_fields()):
            obsolete[DECODER] = list(FILE_NAMES)
        return obsolete

    @property
    def _decoder_folder(self) -> Path:
        return self.options.repository / self.options.named(DECODER)

    def _label_fields(self) -> dict[str, Any]:
        return label_fields(self.model, self.labels)

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
        labels = self._label_fields()
        end_pad_s = PIECE_S if Labels.of(labels).are_pieces else 0.0
        features = {
            "sample_rate_hz": rate_hz,
            "mels": front_end.mels,
            "window_samples": front_end.window,
            "hop_samples": front_end.hop,
            "extra_frames": front_end.extra_frames,
            "edges": "reflected" if front_end.reflects else "zeros",
            "fft_size": front_end.fft_size,
            "preemphasis": front_end.preemphasis,
            "normalize": front_end.normalize or None,
            "bucket_frames": front_end.bucket_frames,
        }
        windows = {"sample_rate_hz": rate_hz, "frame_samples": frame_samples, **labels}
        decoder = {"frame_s": frame_samples / rate_hz, "end_pad_s": end_pad_s, **labels}
        return [
            (FEATURES_MODEL, "features.json", features),
            (self.network_model, "network.json", self._network()),
            (WINDOWS, "windows.json", windows),
            (DECODER, "ctc.json", decoder),
        ]


def calibration_features(features: Any, recording: Recording) -> tuple[np.ndarray, np.ndarray]:
    """The features of one recording as the server computes them."""
    samples = recording.samples[None]
    computed = features(audio=samples, audio_length=np.array([[samples.shape[1]]], dtype=np.int64))
    return computed["features"], computed["features_length"]
