"""ValidateStateMachineDefinition.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
"""

from __future__ import annotations

from local_aws.api import Context, operation
from local_aws.services.states import requests as api
from local_aws.services.states.machine_checks import definition_problems

MAX_DIAGNOSTICS = 100


@operation("stepfunctions", "ValidateStateMachineDefinition")
def validate_state_machine_definition(
    aws: Context, request: api.ValidateStateMachineDefinitionRequest
) -> api.ValidateStateMachineDefinitionResponse:
    """Every fault that is found is an ERROR, so both severities show all of them."""
    found: list[api.Diagnostic] = [
        {"severity": "ERROR", "code": one.code, "message": one.message, "location": one.location}
        for one in definition_problems(request["definition"], request.get("type", "STANDARD"))
    ]
    limit = request.get("maxResults") or MAX_DIAGNOSTICS
    result = "FAIL" if found else "OK"
    return {"result": result, "diagnostics": found[:limit], "truncated": len(found) > limit}
