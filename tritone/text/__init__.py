"""Text processing for synthesis: from text to the symbols of a checkpoint."""
