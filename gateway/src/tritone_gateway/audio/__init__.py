"""Audio files and streams, for every API: containers, decoding, encoders."""
