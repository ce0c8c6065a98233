"""Punctuation and capitals with BERT or DistilBERT."""

MODEL = "punctuation_bert"  # of the repository: the network
