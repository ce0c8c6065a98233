"""Recognition: windows over long recordings, and from log-probabilities to timed words."""
