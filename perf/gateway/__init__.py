"""What does the gateway cost? Triton called directly against the same through the gateway, in one run."""
