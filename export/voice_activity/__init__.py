"""The voice activity detector: silero-vad's network for 16 kHz as a graph that runs over whole stretches."""
