"""One invocation of a function in a process of its own."""

from __future__ import annotations

import uuid
from typing import Any

from local_aws.api import Context
from local_aws.services.lambda_.pool import pool_of
from local_aws.services.lambda_.worker import Outcome


def run(aws: Context, function: dict[str, Any], event: Any) -> Outcome:
    """Run the handler in a warm process, a new one when there is none."""
    with pool_of(aws).worker(function) as worker:
        return worker.invoke(event, str(uuid.uuid4()))
