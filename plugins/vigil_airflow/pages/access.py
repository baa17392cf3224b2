"""Who may see the pages, who may sign on it, and whose signature a user of Airflow may give.

Airflow's user says who reads and opens the form; the signature itself needs its own two components at the desk, and
they must be of the person whom that user is mapped to.
"""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from fastapi import HTTPException

from vigil.approvals.signer_map import UnusableSignersError, signer_for
from vigil.audit.models import Actor

DAG_ID = "train_model"


class SignerMapError(Exception):
    """The stack's parameter people/airflow-signers cannot be used; the message says what to do."""


def may_read(user: Any) -> bool:
    """Who may read the results of the DAG that trains, may read the evidence."""
    return bool(
        get_auth_manager().is_authorized_dag(
            method="GET", access_entity=DagAccessEntity.XCOM, details=DagDetails(id=DAG_ID), user=user
        )
    )


def refuse_unless_reader(user: Any) -> None:
    """Raises ``HTTPException``, which each page tells in its way."""
    if not may_read(user):
        raise HTTPException(403, f"your Airflow role may not read the results of {DAG_ID}")


def may_sign(user: Any) -> bool:
    """Who may answer what that DAG asks of people: with Airflow's simple login and with FAB roles alike, no viewer."""
    return bool(
        get_auth_manager().is_authorized_dag(
            method="PUT", access_entity=DagAccessEntity.HITL_DETAIL, details=DagDetails(id=DAG_ID), user=user
        )
    )


def reader(user: Any) -> Actor:
    return Actor(name=user.get_name(), via="airflow", verified=True)


def signer_of(user: Any, mapping: str) -> str | None:
    """The name under which ``user`` signs; None for nobody's signer. ``mapping``: the stack's AirflowSigners."""
    try:
        return signer_for(user.get_name(), mapping)
    except UnusableSignersError as error:
        raise SignerMapError(
            f"the stack's parameter people/airflow-signers {error}: deploy the stack again with the parameter "
            "AirflowSigners mended"
        ) from None
