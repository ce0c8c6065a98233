"""Benchmarks: what serving costs and gains, as ratios of figures measured in the same run."""
