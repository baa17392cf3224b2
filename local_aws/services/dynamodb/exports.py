"""``ExportTableToPointInTime`` is not provided: it is refused before anything is done."""

from __future__ import annotations

from typing import Any

from local_aws.api import ApiError, Context, operation


@operation("dynamodb", "ExportTableToPointInTime")
def export_table_to_point_in_time(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    raise ApiError(
        "ValidationException", "local_aws does not provide exports of tables: read the table with Scan instead."
    )
