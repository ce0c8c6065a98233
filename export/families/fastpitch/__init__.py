"""FastPitch: symbols to mel spectrograms in one pass, with pace and pitch."""

MODEL = "tts_fastpitch"  # of the repository: the network
