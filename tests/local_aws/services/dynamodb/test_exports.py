"""What is not provided is refused before anything is done. local_aws: exports of tables are not provided."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from local_aws.api import OPERATIONS, ApiError, Context
from local_aws.services import dynamodb


def test_an_export_is_refused_in_plain_words(make_context: Callable[..., Context]) -> None:
    assert "exports" in dynamodb.__all__
    with pytest.raises(ApiError, match="does not provide exports") as raised:
        OPERATIONS["dynamodb", "ExportTableToPointInTime"](make_context(), {})
    assert raised.value.status == 400
