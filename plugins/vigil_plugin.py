"""What Airflow loads in each of its processes: thin, since every task pays for it.

Operators, triggers and links live in the package ``vigil_airflow`` beside this file; who uses them imports them.
"""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin


class VigilPlugin(AirflowPlugin):
    name = "vigil"
