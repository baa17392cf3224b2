"""Every call as one thing: what came in, who made it, and the record that is kept of it."""
