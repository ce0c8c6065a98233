"""What operators see: logs, metrics, traces. Never anyone's words, audio, file names or keys."""
