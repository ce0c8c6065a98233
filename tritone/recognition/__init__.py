"""Recognition: windows over long recordings, and decoding of log-probabilities to timed words."""
