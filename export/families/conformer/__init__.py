"""Conformer and FastConformer (Parakeet): CTC recognition with convolutions and attention."""

MODEL = "asr_conformer"  # of the repository: the network
