"""Activities: tasks that workers fetch."""
