"""Pages that are followed to the end hold every entry once; a token of another origin is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.api import ApiError
from local_aws.services.pages import numbered_page

REFUSAL = ApiError("Refused", "not a token of this API")


@given(st.lists(st.integers()), st.integers(1, 7))
def test_following_the_tokens_gives_everything_once(items: list[int], size: int) -> None:
    found: list[int] = []
    request: dict[str, Any] = {}
    while True:
        page, more = numbered_page(items, request, size, REFUSAL)
        assert len(page) <= size
        found += page
        if not more:
            break
        assert page
        request = dict(more)
    assert found == items


@pytest.mark.parametrize("token", ["-1", "next", "1.5"])
def test_another_token_is_refused(token: str) -> None:
    with pytest.raises(ApiError, match="Refused"):
        numbered_page([1, 2], {"Marker": token}, 1, REFUSAL, member="Marker")
