"""What the repository's model.py files share: requests to arrays, results to responses, model calls.

Importable only inside Triton's Python backend, which brings `triton_python_backend_utils`.
"""
