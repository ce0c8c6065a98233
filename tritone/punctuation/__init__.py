"""Punctuation and capitals: from recognised words to readable text, as NeMo's models do it."""
