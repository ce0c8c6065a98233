"""Trying a checkpoint: fetch, export, compare with NeMo, serve and measure, without installing anything."""
