"""HiFi-GAN: mel spectrograms to sound in one pass."""

MODEL = "tts_hifigan"  # of the repository: the network
