"""WaveGlow: mel spectrograms and noise to audio."""

MODEL = "tts_waveglow"  # of the repository: the network
