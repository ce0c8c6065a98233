"""NeMo's own classes, called as in their documentation. Runs in the export environment."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path

import librosa
import numpy as np
import soundfile
import torch

from export.families import load

PAUSE_S = 0.3  # between sentences, as long as tritone's
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")


class NemoSpeech:
    """All four models restored in this process.

    Args:
        checkpoints: .nemo files by role: recogniser, punctuation, spectrograms, vocoder.
    """

    def __init__(self, checkpoints: Mapping[str, Path]) -> None:
        models = {role: load(path) for role, path in checkpoints.items()}
        self._recogniser, self._punctuation = models["recogniser"], models["punctuation"]
        self._spectrograms, self._vocoder = models["spectrograms"], models["vocoder"]
        self._input_rate_hz = int(self._recogniser.cfg.sample_rate)
        self._output_rate_hz = int(self._spectrograms.cfg.sample_rate)

    def transcribe(self, file: bytes) -> tuple[str, str]:
        """Return a recording's transcript, without and with punctuation.

        Raises:
            soundfile.LibsndfileError: the file is not a recording.
        """
        audio, rate_hz = soundfile.read(io.BytesIO(file), dtype="float32", always_2d=True)
        samples = audio.mean(axis=1)
        if rate_hz != self._input_rate_hz:
            samples = librosa.resample(samples, orig_sr=rate_hz, target_sr=self._input_rate_hz)
        heard = self._recogniser.transcribe([samples], batch_size=1, num_workers=0, verbose=False)[0]
        transcript = str(getattr(heard, "text", heard))
        if not transcript:
            return "", ""
        return transcript, str(self._punctuation.add_punctuation_capitalization([transcript])[0])

    def synthesize(self, text: str) -> bytes:
        """Return a text as a WAV file, spoken sentence by sentence."""
        sentences = [self._speak(sentence) for sentence in _SENTENCE_END.split(text.strip())]
        pause = np.zeros(round(PAUSE_S * self._output_rate_hz), np.float32)
        pieces = [piece for sentence in sentences for piece in (sentence, pause)][:-1]
        file = io.BytesIO()
        soundfile.write(file, np.concatenate(pieces), self._output_rate_hz, format="WAV", subtype="PCM_16")
        return file.getvalue()

    def _speak(self, sentence: str) -> np.ndarray:
        with torch.inference_mode():
            mel = self._spectrograms.generate_spectrogram(tokens=self._spectrograms.parse(sentence))
            # As tritone by default: the checkpoint's standard deviation of the noise, no denoiser.
            audio = self._vocoder.convert_spectrogram_to_audio(
                spec=mel, sigma=float(self._vocoder.cfg.sigma), denoise=False
            )
        return audio[0].cpu().numpy().astype(np.float32)
