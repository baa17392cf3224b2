"""A person's decision on a candidate: asked for, shown, signed, delivered to the run that waits, and verified."""
