"""Tacotron 2: symbols to mel spectrograms, one graph with a loop."""

MODEL = "tts_tacotron2"  # of the repository: the network
