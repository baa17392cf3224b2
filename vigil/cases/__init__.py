"""Adverse-event case reports: FAERS's format, curation, features."""
