"""Audio input and output: decoding files to validated 16 kHz mono samples, and encoding samples to files."""
