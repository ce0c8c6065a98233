"""Two load tests side by side."""
