"""NVIDIA's Model Analyzer for this repository."""
