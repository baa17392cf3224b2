"""ValidateStateMachineDefinition.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
"""

from __future__ import annotations

from local_aws.api import Context, operation
from local_aws.services.states import requests as api
from local_aws.services.states.definitions.diagnostics import answer
from local_aws.services.states.machines.machine_checks import definition_problems


@operation("stepfunctions", "ValidateStateMachineDefinition")
def validate_state_machine_definition(
    aws: Context, request: api.ValidateStateMachineDefinitionRequest
) -> api.ValidateStateMachineDefinitionResponse:
    problems = definition_problems(request["definition"], request.get("type", "STANDARD"))
    return answer(problems, request.get("severity", "ERROR"), request.get("maxResults", 0))
