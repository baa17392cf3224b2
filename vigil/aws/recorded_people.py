"""The people table for its administrators: a person and the ledger's record of the change in one transaction."""

from __future__ import annotations

from typing import Any

from vigil.approvals.people import Person
from vigil.audit.models import Entry
from vigil.aws.ledger_table import ConditionFailedError, LedgerTable
from vigil.aws.people_table import NEW_NAME, SAME_REVISION, PeopleTable, following, person_item, revision_value


class RecordedPeopleTable:
    """``RecordedPeople``."""

    def __init__(self, client: Any, table: str, ledger: LedgerTable) -> None:
        self._people = PeopleTable(client, table)
        self._table = table
        self._ledger = ledger

    def get(self, username: str) -> Person | None:
        return self._people.get(username)

    def all(self) -> list[Person]:
        return self._people.all()

    def insert(self, person: Person, entry: Entry) -> bool:
        return self._put({"Item": person_item(person), "ConditionExpression": NEW_NAME}, entry)

    def replace(self, person: Person, entry: Entry) -> bool:
        put = {"Item": person_item(following(person)), "ConditionExpression": SAME_REVISION}
        return self._put(put | {"ExpressionAttributeValues": revision_value(person)}, entry)

    def _put(self, put: dict[str, Any], entry: Entry) -> bool:
        """False where the person is not as read, or another change is recorded under this key: nothing was stored."""
        try:
            return self._ledger.append_with(entry, [{"Put": {"TableName": self._table, **put}}]).is_of(entry)
        except ConditionFailedError:
            return False
