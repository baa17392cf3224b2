"""All that a stack on one machine left behind, as text to search: files, mail, pages, tables, objects, logs, queues.

Not searched is what stands for AWS's own inside: below the state folder's ``local_aws/`` everything but ``logs/``,
that is the store ``state.sqlite3``, journals, snapshots and bodies. There Step Functions keeps its histories and
DynamoDB its rows, as in AWS. What they give through their APIs is searched, except histories' data: those hold tokens
by nature.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from email import message_from_bytes, policy
from typing import Any
from urllib.parse import quote, quote_plus

from running_stack import RunningStack
from signed_in_pages import pages

GZIP = b"\x1f\x8b"
# Files of the password holders themselves; only their owner can read them.
SECRETS = "secrets"


def forms(secret: str) -> set[bytes]:
    """The secret as it is and as an encoder would leave it; of base64 the part that depends on no neighbour."""
    found = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], secret.encode().hex()}
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            found.add(encode(b"\0" * before + secret.encode()).decode()[4:-4])
    # A recognisable part is as bad as the whole.
    return {each.encode() for each in found | {secret[:40]}}


def files(stack: RunningStack) -> Iterator[tuple[str, bytes]]:
    inside = stack.state_dir / "local_aws"
    for path in sorted(stack.state_dir.rglob("*")):
        own = path.is_relative_to(inside) and not path.is_relative_to(inside / "logs")
        if path.is_file() and not own and path.relative_to(stack.state_dir).parts[0] != SECRETS:
            yield str(path.relative_to(stack.state_dir)), _plain(path.read_bytes())


def mail(stack: RunningStack) -> Iterator[tuple[str, bytes]]:
    """Decoded: in what SES and Cognito sent, a token could be cut by the lines of its encoding."""
    for path in sorted((stack.state_dir / "mail").glob("*.eml")):
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        body = message.get_body(("plain", "html"))
        text = body.get_content() if body is not None else ""
        yield f"mail {message['Subject']} to {message['To']}", f"{message.items()}\n{text}".encode()


def tables(stack: RunningStack) -> Iterator[tuple[str, bytes]]:
    dynamodb = stack.client("dynamodb")
    for name in _all(dynamodb, "list_tables", "TableNames"):
        for page in dynamodb.get_paginator("scan").paginate(TableName=name):
            for item in page["Items"]:
                yield f"table {name}", json.dumps(item, default=_bytes_too).encode()


def objects(stack: RunningStack) -> Iterator[tuple[str, bytes]]:
    s3 = stack.client("s3")
    for bucket in _all(s3, "list_buckets", "Buckets"):
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket["Name"]):
            for each in page.get("Versions", []):
                place = {"Bucket": bucket["Name"], "Key": each["Key"], "VersionId": each["VersionId"]}
                answer = s3.get_object(**place)
                told = json.dumps(answer["Metadata"]).encode()
                yield f"s3://{bucket['Name']}/{each['Key']}", told + _plain(answer["Body"].read())


def logs(stack: RunningStack) -> Iterator[tuple[str, bytes]]:
    cloudwatch = stack.client("logs")
    for page in cloudwatch.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            name = group["logGroupName"]
            for events in cloudwatch.get_paginator("filter_log_events").paginate(logGroupName=name):
                if events["events"]:
                    yield f"log {name}", json.dumps(events["events"]).encode()


def parameters_and_executions(stack: RunningStack) -> Iterator[tuple[str, bytes]]:
    """Parameters, and inputs and outputs of executions, of all machines."""
    ssm = stack.client("ssm")
    for page in ssm.get_paginator("get_parameters_by_path").paginate(Path="/", Recursive=True):
        yield "parameters", json.dumps(page["Parameters"], default=str).encode()
    states = stack.client("stepfunctions")
    for machine in _all(states, "list_state_machines", "stateMachines"):
        for each in _all(states, "list_executions", "executions", stateMachineArn=machine["stateMachineArn"]):
            described = states.describe_execution(executionArn=each["executionArn"])
            yield each["executionArn"], json.dumps(described, default=str).encode()


def dead_letters(stack: RunningStack) -> Iterator[tuple[str, bytes]]:
    """What lies in queues for nobody. A message on its way does hold its token; here none may be left with one."""
    sqs = stack.client("sqs")
    for url in _all(sqs, "list_queues", "QueueUrls"):
        name = f"queue {url.rpartition('/')[2]}"
        if name.endswith("-dlq"):
            yield name, b""
            while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
                yield name, json.dumps(messages).encode()


def everything(stack: RunningStack) -> Iterator[tuple[str, bytes]]:
    """Pages first: what is written because they are opened is searched too."""
    for part in (pages, files, mail, tables, objects, logs, parameters_and_executions, dead_letters):
        yield from part(stack)


def _all(client: Any, operation: str, listed: str, **request: Any) -> Iterator[Any]:
    for page in client.get_paginator(operation).paginate(**request):
        yield from page.get(listed, [])


def _plain(content: bytes) -> bytes:
    return gzip.decompress(content) if content.startswith(GZIP) else content


def _bytes_too(value: object) -> str:
    """A token in a binary attribute would be found as text, too."""
    return bytes(value).decode("latin-1") if isinstance(value, bytes) else str(value)


def holders(texts: Iterator[tuple[str, bytes]], secrets: list[str]) -> tuple[set[str], set[str]]:
    """The names of all that was searched, and of what holds one of the secrets in any form."""
    wanted = {form for secret in secrets for form in forms(secret)}
    searched, found = set[str](), set[str]()
    for name, content in texts:
        searched.add(name)
        if any(form in content for form in wanted):
            found.add(name)
    return searched, found
