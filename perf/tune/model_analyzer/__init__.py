"""NVIDIA's Model Analyzer on this repository."""
