"""Executions of state machines as people read them: the drawing of a machine, and what has become of each state."""
