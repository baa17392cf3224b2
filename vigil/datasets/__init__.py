"""Dataset versions: splits, measurements, quality rules, the manifest that names a version, and its registry."""
