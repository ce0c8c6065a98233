"""The obvious alternative, NeMo behind a FastAPI view, measured beside tritone's server."""
