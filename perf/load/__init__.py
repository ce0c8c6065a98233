"""Load tests with perf_analyzer: sweeps over models, protocols and loads, with a report."""
