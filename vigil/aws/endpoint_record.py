"""``Serving`` on the models table."""

from __future__ import annotations

from vigil.approvals.serving import ServingRecord
from vigil.aws.endpoint_release import ServingRecords


class EndpointRecord:
    """``endpoint``: the name of the one whose record is read."""

    def __init__(self, records: ServingRecords, endpoint: str) -> None:
        self._records = records
        self._endpoint = endpoint

    def serving(self) -> ServingRecord | None:
        found = self._records.serving(self._endpoint)
        if not found.get("active_package"):
            return None
        return ServingRecord(
            model_package_arn=found["active_package"],
            approval_request_id=found.get("approval_request_id", ""),
            since=found.get("since", ""),
        )
