"""Texts that are spoken while they arrive: reading and synthesis together."""
