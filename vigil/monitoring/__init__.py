"""What is seen of a model in service: four monitors, what they find, and what is decided about it."""
