"""What the operators share: settings of their AWS clients, and the check of the installed library.

Names, ARNs and intervals of the stack are not here: ``vigil.aws.environment`` reads them while a task runs.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from airflow.sdk.exceptions import AirflowFailException

# boto3's own credentials and endpoint: no Airflow connection, so the environment alone says which home this is.
AWS_CONNECTION = None
CLIENT_CONFIG: dict[str, Any] = {
    "connect_timeout": 5,
    "read_timeout": 60,
    "retries": {"mode": "standard", "total_max_attempts": 4},
}


class VigilVersionError(AirflowFailException):
    """The installed library is not the one that the DAG file was written for."""


def require_vigil(wanted: str) -> None:
    """Raise ``VigilVersionError`` unless the installed wheel ``vigil`` has the version ``wanted``.

    MWAA takes new DAG files at once, but wheels only with an update of the environment.
    """
    try:
        installed = version("vigil")
    except PackageNotFoundError:
        installed = "none"
    if installed != wanted:
        raise VigilVersionError(
            f"this DAG needs vigil {wanted}, installed is {installed}: "
            "update the environment's wheels to the release that the DAG files come from, then clear this task"
        )
