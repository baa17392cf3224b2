"""Scoring case reports with a trained model, and serving it over HTTP."""
