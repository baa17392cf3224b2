"""Other ways to curate a quarter, written as plainly as a good engineer would: what Vigil's is measured against."""
