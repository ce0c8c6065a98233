"""Load tests with perf_analyzer: sweeps over models, protocols and loads, and one report."""
