"""Shared by all kinds of measurement: inputs, clients, servers under test, timing, memory, results."""
