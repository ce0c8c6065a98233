"""The obvious alternative, NeMo behind a FastAPI view, measured side by side with tritone's server."""

NETWORKS = ("recogniser", "punctuation", "spectrograms", "vocoder")  # in the order of the view's arguments
