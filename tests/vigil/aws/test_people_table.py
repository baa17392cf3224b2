"""The people table keeps every name for good, and of changes at the same moment only one."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from people_fakes import NOW, person

from vigil.aws.people_table import PeopleTable


@pytest.fixture
def table(stack) -> PeopleTable:
    return PeopleTable(stack.client("dynamodb"), stack.parameters.tables.people)


def test_what_is_stored_is_what_is_read(table):
    ana = person("ana", email="ana@example.org", issuer="https://i", subject="s", locked_until=NOW, failures=3)
    assert table.insert(ana)
    assert table.get("ana") == ana
    assert table.get("nobody") is table.get("") is None


def test_a_name_is_inserted_once_and_lists_are_sorted(table):
    assert [table.insert(person(name)) for name in ("olga", "ana", "ana")] == [True, True, False]
    assert [each.username for each in table.all()] == ["ana", "olga"]


def test_of_many_changes_to_one_revision_one_is_stored(table):
    table.insert(person("ana"))
    read = table.get("ana")
    with ThreadPoolExecutor(8) as pool:
        stored = list(pool.map(lambda n: table.replace(read.model_copy(update={"failures": n})), range(20)))
    assert stored.count(True) == 1
    assert table.get("ana").revision == 1


def test_nothing_is_made_of_a_person_who_is_not_there(table):
    assert not table.replace(person("ghost"))
    assert table.get("ghost") is None
