"""Limits of variables: https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html#variable-limits"""

from __future__ import annotations

import pytest

from local_aws.services.states.errors import StateError
from local_aws.services.states.languages.variables import MAX_ASSIGNED_BYTES, MAX_STORED_BYTES, check_sizes

#: A text of as many bytes as one variable may have; its quotes count.
FULL = "x" * (MAX_ASSIGNED_BYTES - 2)


def test_what_fits_is_taken() -> None:
    check_sizes({}, {"a": "x" * MAX_STORED_BYTES})
    check_sizes({"a": FULL}, {})
    check_sizes({"a": FULL}, {"a": FULL, **{f"v{n}": FULL for n in range(39)}})


@pytest.mark.parametrize(
    ("assigned", "stored", "cause"),
    [
        ({"a": FULL + "x"}, {}, "The variable 'a' is larger than 262144 bytes."),
        ({"a": FULL, "b": 1}, {}, "The variables of one Assign are together larger than 262144 bytes."),
        ({"a": FULL}, {f"v{n}": FULL for n in range(40)}, "of the execution are together larger than 10485760 bytes."),
    ],
)
def test_what_does_not_fit_ends_the_execution(
    assigned: dict[str, object], stored: dict[str, object], cause: str
) -> None:
    with pytest.raises(StateError) as caught:
        check_sizes(assigned, stored)
    assert (caught.value.error, caught.value.terminal) == ("States.DataLimitExceeded", True)
    assert cause in str(caught.value.cause)
