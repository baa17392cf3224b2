"""The API around executions: started, described, listed, logged, announced."""
