"""Instance counts, threads and batches that suit a machine: an own sweep on CPU, Model Analyzer on a GPU."""
