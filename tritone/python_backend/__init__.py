"""Shared by all model.py files: read requests, build responses, call other models.

Importable only inside Triton's Python backend, which brings `triton_python_backend_utils`.
"""
