"""Task states: service integrations, jobs, tokens, and the events of all of them."""
