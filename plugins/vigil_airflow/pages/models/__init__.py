"""The Models page: which versions there are, what serves, and asking for one to come back."""
