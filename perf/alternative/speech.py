"""NeMo's own classes, called the way their documentation does. Runs in the export environment."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import soundfile
import torch
from nemo.collections.asr.models import EncDecCTCModel
from nemo.collections.nlp.models import PunctuationCapitalizationModel
from nemo.collections.tts.models import Tacotron2Model, WaveGlowModel

from export.families.punctuation_bert.archive_only import archive_only

PAUSE_S = 0.3  # between sentences, as long as tritone's
_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")


class NemoSpeech:
    """All four models restored in this process.

    Args:
        checkpoints: .nemo files by network: recogniser, punctuation, tacotron2, waveglow.
    """

    def __init__(self, checkpoints: Mapping[str, Path]) -> None:
        def restored(model: Any, network: str) -> Any:
            return model.restore_from(str(checkpoints[network]), map_location="cpu").eval()

        self._recogniser = restored(EncDecCTCModel, "recogniser")
        with archive_only():  # without asking the Hugging Face hub
            self._punctuation = restored(PunctuationCapitalizationModel, "punctuation")
        self._spectrograms = restored(Tacotron2Model, "tacotron2")
        self._vocoder = restored(WaveGlowModel, "waveglow")
        self._hears_hz = int(self._recogniser.cfg.sample_rate)
        self._speaks_hz = int(self._spectrograms.cfg.sample_rate)

    def transcribe(self, file: bytes) -> tuple[str, str]:
        """Return a recording's transcript, as recognised and as punctuated.

        Raises:
            soundfile.LibsndfileError: the file is not a recording.
        """
        audio, rate_hz = soundfile.read(io.BytesIO(file), dtype="float32", always_2d=True)
        samples = audio.mean(axis=1)
        if rate_hz != self._hears_hz:
            samples = librosa.resample(samples, orig_sr=rate_hz, target_sr=self._hears_hz)
        heard = self._recogniser.transcribe([samples], batch_size=1, num_workers=0, verbose=False)[0]
        transcript = str(getattr(heard, "text", heard))
        if not transcript:
            return "", ""
        return transcript, str(self._punctuation.add_punctuation_capitalization([transcript])[0])

    def synthesize(self, text: str) -> bytes:
        """Return a text as a WAV file, spoken sentence by sentence."""
        sentences = [self._speak(sentence) for sentence in _SENTENCE_END.split(text.strip())]
        pause = np.zeros(round(PAUSE_S * self._speaks_hz), np.float32)
        pieces = [piece for sentence in sentences for piece in (sentence, pause)][:-1]
        file = io.BytesIO()
        soundfile.write(file, np.concatenate(pieces), self._speaks_hz, format="WAV", subtype="PCM_16")
        return file.getvalue()

    def _speak(self, sentence: str) -> np.ndarray:
        with torch.inference_mode():
            mel = self._spectrograms.generate_spectrogram(tokens=self._spectrograms.parse(sentence))
            # As tritone does by default: the checkpoint's own deviation of noise, no denoiser.
            audio = self._vocoder.convert_spectrogram_to_audio(
                spec=mel, sigma=float(self._vocoder.cfg.sigma), denoise=False
            )
        return audio[0].cpu().numpy().astype(np.float32)
