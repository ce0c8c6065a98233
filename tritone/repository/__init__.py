"""Checks of the model repositories: configs, graphs, model code and contract must agree."""
