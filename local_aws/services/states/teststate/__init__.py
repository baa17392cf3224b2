"""TestState: one state, run and inspected."""
