"""Synthetic quarters in FDA's own layout, drawn from aggregate figures: no line of them is about a person."""
