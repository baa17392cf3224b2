"""Map: what it iterates over, distributed runs of it, and their results."""
