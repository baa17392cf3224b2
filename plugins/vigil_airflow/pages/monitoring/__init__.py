"""The Monitoring page: what is seen of the model in service."""
