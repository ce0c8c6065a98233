"""Comparison of two load tests."""
