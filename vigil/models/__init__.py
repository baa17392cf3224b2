"""Training and evaluation of the triage model: a linear baseline, and an ensemble of it with boosted trees."""
