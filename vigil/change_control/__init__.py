"""The predetermined change control plan as data, and the gate that holds each candidate against it."""
