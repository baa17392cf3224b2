"""Names as the AWS SDK for Java 2 writes them, which is what ``aws-sdk`` resources, fields and errors are called by.

https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html: the service's name is that of the
SDK's client, errors begin with it, fields are in PascalCase.
"""

from __future__ import annotations

import re

#: Where a word ends: the rules by which the SDK splits names, applied one after the other.
WORDS = (
    (re.compile(r"[^A-Za-z0-9]+"), " "),
    (re.compile(r"([^a-z]{2,})v([0-9]+)"), r"\1 v\2 "),
    (re.compile(r"([^A-Z]{2,})V([0-9]+)"), r"\1 V\2 "),
    (re.compile(r"(?<=[a-z])(?=[A-Z][a-zA-Z0-9])"), " "),
    (re.compile(r"([A-Z]+)([A-Z][a-z])"), r"\1 \2"),
    (re.compile(r"([0-9])([a-zA-Z])"), r"\1 \2"),
)
LEADING_CAPITALS = re.compile(r"^[A-Z]+(?![a-z])|^[A-Z]+(?=[A-Z][a-z])|^[A-Z]")


def client_name(service_id: str) -> str:
    """``DynamoDB`` is DynamoDb, ``CloudWatch Logs`` CloudWatchLogs, ``Directory Service`` Directory."""
    name = re.sub(r"^(Amazon|AWS)\s*", "", service_id)
    return pascal_words(re.sub(r"\s*[Ss]ervice$", "", name))


def exception_name(shape: str) -> str:
    """``NoSuchKey`` is NoSuchKeyException, ``DBInstanceNotFoundFault`` DbInstanceNotFoundException."""
    return f"{pascal_words(re.sub(r'(Fault|Exception)$', '', shape))}Exception"


def field_name(member: str) -> str:
    """``DBInstanceIdentifier`` is DbInstanceIdentifier, ``ETag`` stays, ``executionArn`` is ExecutionArn."""
    match = LEADING_CAPITALS.match(member)
    if match is None:
        return member[0].upper() + member[1:]
    return match[0].capitalize() + member[match.end() :]


def pascal_words(name: str) -> str:
    for pattern, replacement in WORDS:
        name = pattern.sub(replacement, name)
    return "".join(word.capitalize() for word in name.split())
