"""Live streams: recognition while somebody speaks, and speech while it is synthesized."""
