"""The query languages, JSONPath and JSONata, and what both evaluate."""
