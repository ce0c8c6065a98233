"""Thousands of mixed requests: every answer must be right, and memory stable."""
