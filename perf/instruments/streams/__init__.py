"""Live streams to measure: recordings played in real time, texts spoken, and when words are shown."""
