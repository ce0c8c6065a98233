"""Audio at the edge: whole files in, checked 16 kHz mono samples out; and samples back to files."""
