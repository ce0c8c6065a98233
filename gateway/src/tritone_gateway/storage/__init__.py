"""Records and stored audio."""
