"""IAM on request: what a call needs, what policies say about it, and what each role used of what it was granted."""
