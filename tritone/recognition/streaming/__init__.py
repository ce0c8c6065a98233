"""Streaming recognition: chunks of a live stream in, interim texts and final segments out."""
