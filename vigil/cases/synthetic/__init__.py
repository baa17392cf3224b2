"""Synthetic quarters in FDA's own layout, drawn from aggregate figures: no line of them is about a person."""

# How each generated report's authority number begins. No authority gives such numbers, so real reports never have it.
SYNTHETIC_MARK = "SYNTHETIC"
