"""What random checkpoints of recognisers over pieces share: a tokenizer and a configuration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

_MODULES = "nemo.collections.asr.modules"
WORDS = (
    "the quick brown fox jumps over the lazy dog while five boxing wizards read the papers of the morning",
    "there was nothing in the world that she would rather have done than stay and listen to their story",
    "he thought about what they had said, and whether anybody could have known where the others were going",
)


def write_tokenizer(folder: Path, texts: Sequence[str], pieces: int, **settings: Any) -> None:
    """Train a SentencePiece model in the form that NeMo's BPE models carry.

    Args:
        folder: gets tokenizer.model and vocab.txt.
        texts: to train on.
        pieces: size of the vocabulary.
        settings: of the SentencePiece trainer, e.g. byte_fallback.
    """
    import sentencepiece

    (folder / "texts.txt").write_text("\n".join(texts), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(folder / "texts.txt"),
        model_prefix=str(folder / "tokenizer"),
        vocab_size=pieces,
        model_type=settings.pop("model_type", "bpe"),
        bos_id=-1,
        eos_id=-1,
        character_coverage=1.0,
        minloglevel=2,
        **settings,
    )
    lines = (folder / "tokenizer.vocab").read_text(encoding="utf-8").splitlines()
    names = [line.split("\t")[0] for line in lines if line.split("\t")[0] != "<unk>"]
    (folder / "vocab.txt").write_text("\n".join(names), encoding="utf-8")


def model_config(encoder: dict[str, Any], tokenizer: Path, target: str) -> Any:
    """The model_config.yaml of a CTC model over pieces."""
    from omegaconf import OmegaConf

    return OmegaConf.create(
        {
            "sample_rate": 16000,
            "log_prediction": False,
            "tokenizer": {"dir": str(tokenizer), "type": "bpe"},
            "preprocessor": {
                "_target_": f"{_MODULES}.AudioToMelSpectrogramPreprocessor",
                "sample_rate": 16000,
                "normalize": "per_feature",
                "window_size": 0.025,
                "window_stride": 0.01,
                "window": "hann",
                "features": encoder["feat_in"],
                "n_fft": 512,
                "dither": 1e-5,
                "pad_to": 0,
            },
            "encoder": {"_target_": target, **encoder},
            "decoder": {
                "_target_": f"{_MODULES}.ConvASRDecoder",
                "feat_in": encoder.get("feat_out")
                or encoder.get("d_model")
                or encoder["jasper"][-1]["filters"],
                "num_classes": -1,
                "vocabulary": [],
            },
        }
    )
