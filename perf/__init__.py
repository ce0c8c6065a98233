"""Measuring speed and memory: random full-size checkpoints, and the benchmarks."""
