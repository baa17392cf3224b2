"""The API around state machines: machines, versions, aliases, tags."""
