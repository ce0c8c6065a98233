"""Checks that the configs, graphs, code and contract of the model repositories agree."""
