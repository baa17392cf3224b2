"""Vigil: triage of adverse-event reports that a regulator could inspect."""
