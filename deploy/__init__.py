"""Put this tree on a node and switch the node to it without a failed request; see README.md."""
