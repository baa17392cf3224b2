"""The people table: one item for each user name that is or ever was somebody's. None is ever deleted."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from vigil.approvals.people import Person

NEW_NAME = "attribute_not_exists(username)"
SAME_REVISION = "revision = :revision"


class PeopleTable:
    """``People`` on DynamoDB. ``client`` is a boto3 DynamoDB client."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def get(self, username: str) -> Person | None:
        if not username:
            return None  # DynamoDB takes no empty key
        key = {"username": {"S": username}}
        answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return _person(answer["Item"]) if "Item" in answer else None

    def insert(self, person: Person) -> bool:
        return self._put(person_item(person), NEW_NAME)

    def replace(self, person: Person) -> bool:
        return self._put(person_item(following(person)), SAME_REVISION, revision_value(person))

    def all(self) -> list[Person]:
        pages = self._client.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True)
        return sorted((_person(item) for page in pages for item in page["Items"]), key=lambda each: each.username)

    def _put(self, item: dict[str, Any], condition: str, values: dict[str, Any] | None = None) -> bool:
        try:
            self._client.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression=condition,
                **({"ExpressionAttributeValues": values} if values else {}),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True


def following(person: Person) -> Person:
    """The record's next revision."""
    return person.model_copy(update={"revision": person.revision + 1})


def revision_value(person: Person) -> dict[str, Any]:
    return {":revision": {"N": str(person.revision)}}


def unchanged(person: Person, table: str) -> dict[str, Any]:
    """A transaction's condition that nothing of the record was changed since it was read."""
    return {
        "ConditionCheck": {
            "TableName": table,
            "Key": {"username": {"S": person.username}},
            "ConditionExpression": SAME_REVISION,
            "ExpressionAttributeValues": revision_value(person),
        }
    }


def person_item(person: Person) -> dict[str, Any]:
    return {
        "username": {"S": person.username},
        "revision": {"N": str(person.revision)},
        "person": {"S": person.model_dump_json(exclude_none=True)},
    }


def _person(item: dict[str, Any]) -> Person:
    return Person.model_validate_json(item["person"]["S"])
