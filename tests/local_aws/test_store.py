"""Documents and histories survive, in order, exactly as they were put."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local_aws.store import Store, StoreError


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "state.sqlite3")


def test_document_survives_reopening(tmp_path: Path) -> None:
    first = Store(tmp_path / "state.sqlite3")
    first.put("job", "a", {"status": "RUNNING", "at": datetime(2024, 1, 2, 3, 4, 5, 6, UTC), "body": b"\x00\xff"})
    first.close()
    assert Store(tmp_path / "state.sqlite3").get("job", "a") == {
        "status": "RUNNING",
        "at": datetime(2024, 1, 2, 3, 4, 5, 6, UTC),
        "body": b"\x00\xff",
    }


def test_list_keeps_the_order_of_first_insertion(store: Store) -> None:
    for key in ("b", "a", "c"):
        store.put("job", key, {})
    store.put("job", "b", {"changed": True})
    store.put("other", "d", {})
    assert [key for key, _ in store.list("job")] == ["b", "a", "c"]


def test_prefix_is_taken_literally(store: Store) -> None:
    for key in ("a%b", "axb", "a_c", "A%d"):
        store.put("job", key, {})
    assert [key for key, _ in store.list("job", "a%")] == ["a%b"]


def test_history_ids_begin_at_one_for_each_stream(store: Store) -> None:
    assert [store.append("x", {"n": n}) for n in range(3)] == [1, 2, 3]
    assert store.append("y", {}) == 1
    assert store.read("x", after=1, limit=1) == [(2, {"n": 1})]
    store.drop("x")
    assert store.read("x") == []
    assert store.read("y") == [(1, {})]


def test_failed_transaction_leaves_nothing(store: Store) -> None:
    with pytest.raises(RuntimeError), store.transaction():
        store.put("job", "a", {})
        with store.transaction():
            store.append("x", {})
        raise RuntimeError
    assert store.get("job", "a") is None
    assert store.read("x") == []
    store.put("job", "a", {})
    assert store.get("job", "a") == {}


def test_threads_never_get_the_same_history_id(store: Store) -> None:
    ids: list[int] = []

    def work() -> None:
        ids.extend(store.append("x", {}) for _ in range(50))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(ids) == list(range(1, 401))


def test_broken_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite3"
    path.write_bytes(b"this is not a database" * 100)
    with pytest.raises(StoreError, match="not a usable state file"):
        Store(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.floats(allow_nan=False),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=10,
)


@settings(max_examples=50, deadline=None)
@given(document=st.dictionaries(st.text(), JSON | st.binary() | st.datetimes(timezones=st.just(UTC)), max_size=4))
def test_what_is_put_is_what_is_got(document: dict[str, object]) -> None:
    store = Store(Path(":memory:"))
    store.put("kind", "key", document)
    assert store.get("kind", "key") == document


def test_keys_are_found_by_members_also_those_of_an_older_server(tmp_path: Path) -> None:
    older = Store(tmp_path / "state.sqlite3")
    for key, status in [("b", "RUNNING"), ("a", "RUNNING"), ("c", "ENDED")]:
        older.put("run", key, {"status": status, "open": status == "RUNNING"})
    older.put("other", "d", {"status": "RUNNING"})
    older.close()
    store = Store(tmp_path / "state.sqlite3")
    store.index("run", "status")
    store.index("run", "status")
    assert store.keys("run", {"status": "RUNNING"}) == ["b", "a"]
    store.put("run", "b", {"status": "ENDED", "open": False})
    assert store.keys("run", {"status": "RUNNING"}) == store.keys("run", {"open": True}) == ["a"]
    assert store.keys("run") == ["b", "a", "c"]
    with pytest.raises(ValueError, match="names no kind or field"):
        store.keys("run' OR 1 --")


def test_a_change_that_is_rolled_back_is_not_found(store: Store) -> None:
    store.index("run", "status")
    with pytest.raises(RuntimeError), store.transaction():
        store.put("run", "a", {"status": "RUNNING"})
        raise RuntimeError
    assert store.keys("run", {"status": "RUNNING"}) == []
