"""From a caller's text to the symbols that an acoustic model speaks."""
