"""Instance counts, threads and batches for a machine: a sweep on CPU, Model Analyzer on a GPU."""
