"""The refusal of a call, as each service words it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

from local_aws.access.decision import Reason
from local_aws.access.needs import ANY, Need
from local_aws.api import ApiError
from local_aws.identity.principals import Principal
from local_aws.protocol import protocol_of

#: Codes that are not the one of the service's protocol.
CODES = {"sns": "AuthorizationError", "sqs": "AccessDenied", "cloudwatch": "AccessDenied"}
#: Services that put the resource in quotes.
QUOTING = frozenset({"s3"})


def access_denied(service: str, principal: Principal, need: Need, reason: Reason) -> ApiError:
    protocol = protocol_of(service)
    code = "AccessDenied" if protocol in ("query", "rest-xml") else "AccessDeniedException"
    status = 400 if protocol == "json" and service not in CODES else 403
    resource = f'"{need.resource}"' if service in QUOTING else need.resource
    where = "" if need.resource == ANY else f" on resource: {resource}"
    why = reason.value.format(action=need.action)
    message = f"User: {principal.arn} is not authorized to perform: {need.action}{where} {why}"
    return ApiError(CODES.get(service, code), message, status)
