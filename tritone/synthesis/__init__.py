"""Symbols to speech: seeded noise, batches of utterances, the two networks' inputs, and the join."""
