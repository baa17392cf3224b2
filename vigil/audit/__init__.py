"""The ledger: hash-chained records of everything that matters, their verification, checkpoints and export."""
