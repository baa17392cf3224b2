"""Waiting for an endpoint's deployment by a task token: kept sealed, answered when the deployment has ended.

Nobody polls: an event of the endpoint leads to a look at it, and so does the end of the step that keeps the token (the
deployment may have ended before). The minute's sweep looks where an event was lost. The answer says how the endpoint
is; the state machine decides what that means.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from vigil.approvals.errors import WaitEndedError
from vigil.digests import digest_of
from vigil.moments import Clock, Moment

logger = logging.getLogger(__name__)

#: Partitions of their own: the functions that may delete waits can be kept from deleting anything else by IAM.
WAITS = "waits:"
WAIT = "deployment-wait#"
ID_DIGITS = 16
#: DescribeEndpoint, EndpointStatus (SageMaker API reference): statuses that no deployment leads out of by itself.
STUCK = frozenset({"Failed", "OutOfService", "UpdateRollbackFailed"})
IN_SERVICE, GONE = "InService", "Gone"
#: A call that was accepted shows in DescribeEndpoint well within this, whatever the clocks say.
CONSISTENT = timedelta(seconds=30)
NO_ENDPOINT = re.compile(r"Could not find endpoint [\"']")
NO_REASON = "the service gave no reason"


class AwaitEvent(BaseModel):
    """What a waiting state hands over. ``entered_at``: just after the endpoint was asked to change."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    task_token: SecretStr = Field(min_length=1)
    endpoint_name: str
    config_name: str
    execution_arn: str
    state_name: str
    entered_at: Moment


class DeploymentWait(BaseModel):
    """``sealed``: the token's ciphertext, bound to ``wait_id``. ``config_name``: what the endpoint is to end with."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    wait_id: str
    endpoint_name: str
    config_name: str
    execution_arn: str
    entered_at: Moment
    sealed: str = Field(repr=False)


class EndpointNow(BaseModel):
    """What the wait is answered with. ``failed``: SageMaker gives a reason why the last deployment did not succeed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: str
    config_name: str
    reason: str = NO_REASON
    failed: bool = False


class Vault(Protocol):
    def seal(self, request_id: str, token: str) -> str: ...

    def unseal(self, request_id: str, ciphertext: str) -> str: ...


class Answers(Protocol):
    def succeed(self, token: str, output: dict[str, object]) -> None:
        """Raises ``WaitEndedError`` where nobody waits with this token any more."""


class DeploymentWaits:
    """The waits in the monitoring table, in the endpoint's own partition. ``client`` is a boto3 DynamoDB client."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def keep(self, wait: DeploymentWait) -> None:
        """Doing it again changes nothing."""
        item = {**_key(wait), "document": {"S": wait.model_dump_json()}}
        self._client.put_item(TableName=self._table, Item=item)

    def forget(self, wait: DeploymentWait) -> None:
        self._client.delete_item(TableName=self._table, Key=_key(wait))

    def of(self, endpoint: str) -> Iterator[DeploymentWait]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="endpoint = :endpoint AND begins_with(#item, :prefix)",
            ExpressionAttributeNames={"#item": "item"},
            ExpressionAttributeValues={":endpoint": {"S": f"{WAITS}{endpoint}"}, ":prefix": {"S": WAIT}},
            ConsistentRead=True,
        )
        for page in pages:
            for item in page["Items"]:
                yield DeploymentWait.model_validate_json(item["document"]["S"])


@dataclass(frozen=True)
class WaitPorts:
    """``sagemaker`` is a boto3 SageMaker client."""

    waits: DeploymentWaits
    vault: Vault
    runs: Answers
    sagemaker: Any
    clock: Clock


def await_deployment(event: AwaitEvent, ports: WaitPorts) -> str:
    """Keep the token sealed, then look at once: a deployment that has ended already brings no event any more."""
    wait_id = digest_of([event.execution_arn, event.state_name, event.entered_at.isoformat()])[:ID_DIGITS]
    wait = DeploymentWait(
        wait_id=wait_id,
        sealed=ports.vault.seal(wait_id, event.task_token.get_secret_value()),
        **event.model_dump(include={"endpoint_name", "config_name", "execution_arn", "entered_at"}),
    )
    ports.waits.keep(wait)
    return _answer(wait, ports)


def answer_waits(endpoint: str, ports: WaitPorts) -> dict[str, str]:
    """Look at the endpoint for each wait; what became of them by id. Events may come twice, late, or not at all."""
    return {wait.wait_id: _answer(wait, ports) for wait in ports.waits.of(endpoint)}


def _answer(wait: DeploymentWait, ports: WaitPorts) -> str:
    now, modified = _look(wait.endpoint_name, ports.sagemaker)
    if not _has_ended(wait, now, modified, ports.clock()):
        return "waits"
    try:
        ports.runs.succeed(ports.vault.unseal(wait.wait_id, wait.sealed), now.model_dump())
    except WaitEndedError:  # the execution was stopped, timed out, or another look was faster
        ports.waits.forget(wait)
        return "nobody waits"
    ports.waits.forget(wait)
    logger.info("endpoint %s is %s: wait %s is answered", wait.endpoint_name, now.status, wait.wait_id)
    return "answered"


def _has_ended(wait: DeploymentWait, now: EndpointNow, modified: datetime | None, moment: datetime) -> bool:
    """Right after a call DescribeEndpoint may still tell how the endpoint was before: that ends no wait."""
    if now.status in STUCK:
        return True
    if now.status not in (IN_SERVICE, GONE):
        return False
    if now.config_name == wait.config_name:
        return True
    changed_since = modified is not None and modified > wait.entered_at
    return changed_since or moment - wait.entered_at >= CONSISTENT


def _look(endpoint: str, sagemaker: Any) -> tuple[EndpointNow, datetime | None]:
    """How the endpoint is, and when it last changed."""
    try:
        answer = sagemaker.describe_endpoint(EndpointName=endpoint)
    except ClientError as error:
        if NO_ENDPOINT.match(error.response["Error"].get("Message", "")):
            return EndpointNow(status=GONE, config_name="", reason="somebody has deleted the endpoint"), None
        raise
    now = EndpointNow(
        status=answer["EndpointStatus"],
        config_name=answer["EndpointConfigName"],
        reason=answer.get("FailureReason") or NO_REASON,
        failed="FailureReason" in answer,
    )
    return now, answer.get("LastModifiedTime")


def _key(wait: DeploymentWait) -> dict[str, Any]:
    return {"endpoint": {"S": f"{WAITS}{wait.endpoint_name}"}, "item": {"S": f"{WAIT}{wait.wait_id}"}}
