"""Which family exports which NeMo class."""

from __future__ import annotations

from export.checkpoint import Checkpoint
from export.errors import UnsupportedCheckpointError
from export.family import Family, Options

SUPPORTED = {
    "EncDecCTCModel": "CTC recognition with a QuartzNet or Jasper encoder",
    "PunctuationCapitalizationModel": "punctuation and capitals with a BERT or DistilBERT encoder",
    "Tacotron2Model": "spectrograms from text",
    "WaveGlowModel": "audio from spectrograms",
}


def family_of(checkpoint: Checkpoint, options: Options) -> Family:
    """The exporter of a checkpoint.

    Raises:
        UnsupportedCheckpointError: names the class, and what is supported.
    """
    if checkpoint.class_name not in SUPPORTED:
        supported = "; ".join(f"{name} ({what})" for name, what in SUPPORTED.items())
        raise UnsupportedCheckpointError(
            f"checkpoint: {checkpoint.path.name} holds a {checkpoint.class_name}, which has no exporter. "
            f"Supported: {supported}."
        )
    # Imported here, because all pull in torch, and a refusal should not have to wait for that.
    if checkpoint.class_name == "EncDecCTCModel":
        from export.asr.family import RecognitionFamily

        return RecognitionFamily(checkpoint, options)
    if checkpoint.class_name == "PunctuationCapitalizationModel":
        from export.punctuation.family import PunctuationFamily

        return PunctuationFamily(checkpoint, options)
    if checkpoint.class_name == "Tacotron2Model":
        from export.synthesis.tacotron2_family import Tacotron2Family

        return Tacotron2Family(checkpoint, options)
    from export.synthesis.waveglow_family import WaveGlowFamily

    return WaveGlowFamily(checkpoint, options)
