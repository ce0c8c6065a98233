"""Releases a tree to a node and switches to it without a failed request; see README.md."""
