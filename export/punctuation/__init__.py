"""Punctuation and capitalisation with BERT-like encoders."""
