from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from moto_stack import MotoStack
from watched_model import NOON, capture, label

from vigil.aws.captured_data import HOUR, SETTLED, captured_in, ground_truth_until, last_window
from vigil.aws.objects import S3Uri

moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


@given(now=moments, hours=st.integers(1, 400))
def test_the_last_window_is_of_whole_hours_that_have_settled_and_no_older(now: datetime, hours: int) -> None:
    start, end = last_window(now, hours * 3600)
    assert end - start == timedelta(hours=hours)
    assert (end.minute, end.second, end.microsecond) == (0, 0, 0)
    assert timedelta() <= now - SETTLED - end < HOUR


def root(stack: MotoStack) -> S3Uri:
    return S3Uri(stack.parameters.buckets.capture, "captured/triage/")


def test_only_the_windows_own_hours_count_whatever_the_variant(stack: MotoStack) -> None:
    for moment in (NOON - 2 * HOUR, NOON - HOUR, NOON):
        capture(stack, moment)
    capture(stack, NOON - HOUR, variant="challenger")
    found = captured_in(stack.client("s3"), root(stack), NOON - HOUR, NOON)
    assert found.objects == 2


def test_a_window_within_an_hour_looks_at_that_hour(stack: MotoStack) -> None:
    capture(stack, NOON)
    s3, minute = stack.client("s3"), timedelta(minutes=1)
    assert captured_in(s3, root(stack), NOON + 5 * minute, NOON + 6 * minute).objects == 1
    assert captured_in(s3, root(stack), NOON - 5 * minute, NOON).objects == 0


def test_what_came_later_is_another_state_and_the_same_is_the_same(stack: MotoStack) -> None:
    capture(stack, NOON)
    s3 = stack.client("s3")
    first = captured_in(s3, root(stack), NOON, NOON + HOUR).state
    assert captured_in(s3, root(stack), NOON, NOON + HOUR).state == first
    capture(stack, NOON, name="two")
    assert captured_in(s3, root(stack), NOON, NOON + HOUR).state != first


def test_labels_count_from_the_windows_start_until_now_however_late(stack: MotoStack) -> None:
    for moment in (NOON - HOUR, NOON, NOON + timedelta(days=40)):
        label(stack, moment)
    place = S3Uri(stack.parameters.buckets.capture, "ground-truth/triage/")
    s3 = stack.client("s3")
    assert ground_truth_until(s3, place, NOON, NOON + HOUR).objects == 1
    assert ground_truth_until(s3, place, NOON, NOON + timedelta(days=40)).objects == 2
