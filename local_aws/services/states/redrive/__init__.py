"""RedriveExecution: going on from where an execution failed."""
