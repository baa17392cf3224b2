"""The asset that ties the two DAGs together: a released dataset version."""

from __future__ import annotations

from airflow.sdk import Asset

# Each event carries {version, prefix, quarters, already_released}; an unchanged version has no event.
FAERS_DATASET = Asset(name="faers-dataset")
