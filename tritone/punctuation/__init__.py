"""Punctuation and capitals: restores them in recognised text with NeMo's models."""
