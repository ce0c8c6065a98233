"""Exporting an EncDecCTCModel: front end, acoustic model, and what joins and decodes its output."""

from __future__ import annotations

from typing import Any

import numpy as np

from export.asr.features import LogMel, write_features
from export.asr.quantize import quantize
from export.asr.quartznet import AcousticModel, write_acoustic_model
from export.asr.recordings import Recording, load_recordings
from export.asr.verification import Exported, verify_recognition
from export.family import Family
from export.onnx_graph import Graph
from export.repository import Stage
from export.verification import Check
from tritone.recognition.ctc import CtcDecoder


class RecognitionFamily(Family):
    """QuartzNet and Jasper."""

    class_name = "EncDecCTCModel"
    models = ("asr_features", "asr_quartznet", "asr_windows", "asr_ctc_decoder")

    def restore(self) -> None:
        """Load the model, and refuse what has no exporter before anything is written."""
        from nemo.collections.asr.models import EncDecCTCModel

        self.model = EncDecCTCModel.restore_from(str(self.checkpoint.path), map_location="cpu").eval()
        self.front_end = LogMel(self.model.preprocessor.featurizer).eval()
        self.acoustic_model = AcousticModel(self.model.encoder, self.model.decoder).eval()
        self.sample_rate_hz = int(self.model.preprocessor._sample_rate)
        self.recordings = self._recordings()

    def build(self, stage: Stage) -> None:
        """Write both graphs, the int8 variant, and the sidecars."""
        write_features(self.front_end, stage.path("asr_features", "model.onnx"))
        write_acoustic_model(self.acoustic_model, stage.path("asr_quartznet", "model.onnx"))
        if self.options.quantize:
            features = Graph(stage.path("asr_features", "model.onnx"))
            quantize(
                stage.path("asr_quartznet", "model.onnx"),
                stage.path("asr_quartznet", "model_int8.onnx"),
                [calibration_features(features, recording) for recording in self.recordings],
            )
        for model, file, content in self._sidecars():
            stage.write_json(model, file, content)

    def verify(self, stage: Stage) -> list[Check]:
        """Compare features, log-probabilities and transcripts with NeMo."""
        int8 = stage.path("asr_quartznet", "model_int8.onnx")
        exported = Exported(
            features=Graph(stage.path("asr_features", "model.onnx")),
            acoustic_model=Graph(stage.path("asr_quartznet", "model.onnx")),
            int8=Graph(int8) if int8.exists() else None,
            decoder=CtcDecoder.load(stage.path("asr_ctc_decoder", "ctc.json")),
        )
        return verify_recognition(self.model, exported, self.recordings, self.sample_rate_hz)

    def obsolete(self) -> dict[str, list[str]]:
        """An int8 graph of an earlier checkpoint must not stay beside a new float one."""
        return {} if self.options.quantize else {"asr_quartznet": ["model_int8.onnx"]}

    def _recordings(self) -> list[Recording]:
        source = self.options.calibration
        if source is None or (not self.options.quantize and not source.exists()):
            return []
        return load_recordings(source, self.sample_rate_hz)

    def _sidecars(self) -> list[tuple[str, str, dict[str, Any]]]:
        front_end = self.front_end
        labels = [str(label) for label in self.model.decoder.vocabulary]
        stride = int(self.model.encoder.subsampling_factor)
        frame_samples = front_end.hop * stride
        return [
            (
                "asr_features",
                "features.json",
                {
                    "sample_rate_hz": self.sample_rate_hz,
                    "mels": front_end.mels,
                    "window_samples": front_end.window,
                    "hop_samples": front_end.hop,
                    "fft_size": front_end.fft_size,
                    "preemphasis": front_end.preemphasis,
                    "normalize": front_end.normalize or None,
                    "bucket_frames": front_end.bucket_frames,
                },
            ),
            (
                "asr_quartznet",
                "quartznet.json",
                {
                    **self.provenance(),
                    "mels": self.acoustic_model.mels,
                    "stride": stride,
                    "labels": labels,
                    "blank_index": len(labels),
                },
            ),
            (
                "asr_windows",
                "windows.json",
                {
                    "sample_rate_hz": self.sample_rate_hz,
                    "frame_samples": frame_samples,
                    "labels": labels,
                    "blank_index": len(labels),
                },
            ),
            (
                "asr_ctc_decoder",
                "ctc.json",
                {
                    "labels": labels,
                    "blank_index": len(labels),
                    "frame_s": frame_samples / self.sample_rate_hz,
                },
            ),
        ]


def calibration_features(features: Graph, recording: Recording) -> tuple[np.ndarray, np.ndarray]:
    """The features of one recording as the server computes them."""
    samples = recording.samples[None]
    computed = features(audio=samples, audio_length=np.array([[samples.shape[1]]], dtype=np.int64))
    return computed["features"], computed["features_length"]
