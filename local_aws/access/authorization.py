"""The guard that asks IAM about each call of a role: ``record`` only remembers, ``enforce`` refuses.

The operator and the server itself are asked nothing. Roles that do not trust a service are refused for everybody.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Literal, cast
from urllib.parse import parse_qsl

from local_aws.access import dynamodb_needs, encrypted_needs, kms_needs, named_needs, s3_needs
from local_aws.access.action_table import check_installed
from local_aws.access.decision import Decision, Policies, decide
from local_aws.access.denials import access_denied
from local_aws.access.needs import Need
from local_aws.access.policies import AccessRequest, statements
from local_aws.access.request_context import request_context
from local_aws.access.resource_policies import RULED_BY_RESOURCE, resource_policy
from local_aws.access.roles import RolePolicies, role_policies
from local_aws.access.roles_handed_over import check_trust, pass_role
from local_aws.access.usage import Usage
from local_aws.api import ACCOUNT, ApiError, Context
from local_aws.calls.incoming import IncomingCall
from local_aws.protocol import Response
from local_aws.services.states.records import Records
from local_aws.settings import ServerSettings

logger = logging.getLogger(__name__)

Mode = Literal["off", "record", "enforce"]
#: Needs no permission: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
FREE = frozenset({("sts", "GetCallerIdentity"), ("sts", "GetSessionToken")})


def mode_of(option: str | None, environment: Mapping[str, str] | None = None) -> Mode:
    """The option's mode, else the environment's. Raises ``SettingError``, also where no call could be judged."""
    mode = cast(Mode, option or ServerSettings.from_environment(environment).iam)
    if mode != "off":
        check_installed()
    return mode


class Authorization:
    """``context`` gives the server's context once there is one; some policies are in its store."""

    def __init__(self, mode: Mode, usage: Usage, context: Callable[[], Context | None]) -> None:
        self._enforces = mode == "enforce"
        self._usage = usage
        self._context = context

    def before(self, call: IncomingCall) -> Response | None:
        if self._enforces:
            check_trust(call.service, call.name, call.parameters)
            if (call.service, call.name, call.principal.role) == ("sts", "AssumeRole", None):
                _check_exists(call)
        if call.principal.role is None or (call.service, call.name) in FREE:
            return None
        try:
            self._ask(call, call.principal.role)
        except ApiError:
            raise
        except Exception:
            if self._enforces:
                raise
            logger.exception("what %s.%s needs could not be recorded", call.service, call.name)
        return None

    def _ask(self, call: IncomingCall, arn: str) -> None:
        """Raises ``ApiError`` for what is refused."""
        role = role_policies(arn)
        for need in self.needs(call):
            decision = self._decide(call, role, need)
            self._usage.add(arn, need, decision)
            if self._enforces and decision.reason is not None:
                raise access_denied(call.service, call.principal, need, decision.reason)

    def after(self, call: IncomingCall, response: Response) -> Response:
        return response

    def needs(self, call: IncomingCall) -> list[Need]:
        """Everything that the call needs, the roles that it hands over and the keys of its data included."""
        return [*self._of_operation(call), *encrypted_needs.needs(call.service, call.name, call.parameters)]

    def _of_operation(self, call: IncomingCall) -> list[Need]:
        service, name, parameters = call.service, call.name, call.parameters
        if service == "s3":
            query = dict(parse_qsl(call.environ.get("QUERY_STRING", ""), keep_blank_values=True))
            return s3_needs.needs(name, parameters, call.body, query)
        if service in ("dynamodb", "dynamodbstreams") and (found := dynamodb_needs.needs(name, parameters)) is not None:
            return found
        if service == "kms" and (found := kms_needs.needs(name, parameters)) is not None:
            return found
        if service == "stepfunctions" and name.startswith("SendTask"):
            return self._needs_of_token(name, str(parameters.get("taskToken", "")))
        return [*named_needs.needs(service, name, parameters), *pass_role(service, name, parameters)]

    def _needs_of_token(self, name: str, token: str) -> list[Need]:
        """The machine that waits for the token; a token that nobody waits for protects nothing."""
        context = self._context()
        document = None if context is None else Records(context.store).token(token)
        if document is None:
            return []
        execution = document["execution"]
        machine = execution.replace(":execution:", ":stateMachine:").rpartition(":")[0]
        return [Need(f"states:{name}", machine, others=("*",))]

    def _decide(self, call: IncomingCall, role: RolePolicies | None, need: Need) -> Decision:
        """The first resource that is allowed decides, or else the first that was asked for."""
        decisions = [self._decide_on(call, role, need, resource) for resource in (need.resource, *need.others)]
        return next((decision for decision in decisions if decision.allowed), decisions[0])

    def _decide_on(self, call: IncomingCall, role: RolePolicies | None, need: Need, resource: str) -> Decision:
        principal = call.principal
        context = {**request_context(call, role), **need.context}
        names = (principal.arn, principal.role or "", f"arn:aws:iam::{ACCOUNT}:root")
        request = AccessRequest(need.action, resource, names, context)
        ruled = need.action.partition(":")[0] in RULED_BY_RESOURCE and resource != "*"
        of_resource = resource_policy(self._context(), resource)
        if need.action == "sts:AssumeRole":
            assumed = role_policies(resource)
            of_resource = () if assumed is None else statements(assumed.trust, "trust")
            ruled = True
        return decide(
            request,
            Policies(
                identity=() if role is None else role.identity,
                boundary=None if role is None else role.boundary,
                resource=of_resource,
                resource_rules=ruled,
            ),
        )


def _check_exists(call: IncomingCall) -> None:
    """AWS does not tell a role that does not exist from one that may not be assumed."""
    role = str(call.parameters.get("RoleArn", ""))
    if role_policies(role) is None:
        text = f"User: {call.principal.arn} is not authorized to perform: sts:AssumeRole on resource: {role}"
        raise ApiError("AccessDenied", text, 403)
