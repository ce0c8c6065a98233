"""Synthesis: Tacotron 2 and WaveGlow, each as one graph, and what makes a voice of the two."""
