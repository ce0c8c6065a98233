"""Benchmarks: what serving costs and gains, as ratios between things measured in one run."""
