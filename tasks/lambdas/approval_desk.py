"""The approval desk: shows requests, prepares signatures, and is the one function that may sign.

The page and the command line invoke it; ``vigil.approvals.desk_wire`` has what they say to each other. It prints and
raises nothing that is in an event: events hold passwords.
"""

from __future__ import annotations

from typing import Any

from vigil.approvals.desk_service import DeskService
from vigil.approvals.desk_wire import serve
from vigil.approvals.dossier_build import build_dossier
from vigil.aws.approval_ports import signing_ports
from vigil.aws.dossier_ports import dossier_ports
from vigil.aws.environment import load_parameters


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    parameters = load_parameters()
    dossiers = dossier_ports(parameters)
    desk = DeskService(signing_ports(parameters), lambda request: build_dossier(request, dossiers))
    return serve(event, desk)
