"""The process: listening, and stopping without a lost request."""
