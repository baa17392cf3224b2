"""The tab *State machine*: the live drawing of the execution that a DAG run, or a task of it, has started."""
