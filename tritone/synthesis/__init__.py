"""Speech from symbols: seeded noise, batches of utterances, the two networks, and joining."""
