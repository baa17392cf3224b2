"""The quality report: one page that a person reads before anything is released. Plots come before tables."""
