"""Recipes that train the demo checkpoints from open data on a CPU or a GPU."""
