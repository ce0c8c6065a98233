"""Thousands of mixed requests: right answers only, and memory that stays where it is."""
