"""Adapters: the only code that speaks to AWS. Domain packages never import it."""
