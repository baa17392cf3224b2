"""What follows from a request is done once, after it, and only if it was noted within it.

Recorded behaviour of this server.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from local_aws.api import ApiError, Context
from local_aws.services.announcements import announce, announce_once, gathered, listening


def test_deeds_are_done_in_order_after_the_request(make_context: Callable[..., Context]) -> None:
    done: list[str] = []

    def twice(aws: Context) -> None:
        done.append("once")

    with gathered(make_context()):
        assert listening()
        announce(lambda aws: done.append("first"))
        assert (announce_once(twice), announce_once(twice)) == (True, False)
        assert done == []
    assert done == ["first", "once"]
    assert not listening()


def test_nothing_is_noted_outside_of_a_request_or_kept_from_a_failed_one(make_context: Callable[..., Context]) -> None:
    done: list[str] = []
    announce(lambda aws: done.append("replayed"))
    with pytest.raises(RuntimeError), gathered(make_context()):
        announce(lambda aws: done.append("failed"))
        raise RuntimeError
    with gathered(make_context()):
        pass
    with gathered(None):
        announce(lambda aws: done.append("starting"))
    assert done == []


def test_one_deed_that_cannot_be_done_leaves_the_others(make_context: Callable[..., Context]) -> None:
    done: list[str] = []

    def broken(aws: Context) -> None:
        raise ValueError("no such header")

    with gathered(make_context()):
        announce(broken)
        announce(lambda aws: done.append("other"))
    assert done == ["other"]


def test_what_cannot_be_kept_fails_the_request(make_context: Callable[..., Context]) -> None:
    context = make_context()
    context.store.close()
    with pytest.raises(ApiError) as raised, gathered(context):
        announce(lambda aws: aws.store.put("delivery", "one", {}))
    assert (raised.value.code, raised.value.status) == ("ServiceUnavailable", 503)
