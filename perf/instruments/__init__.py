"""What every kind of measurement stands on: inputs, clients, servers under test, clocks, memory, results."""
