"""Notices on the stack's topic: facts only. Whatever is published goes through the redactor first."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from vigil.approvals.redaction import redact

logger = logging.getLogger(__name__)

SUBJECT_CHARACTERS = 100  # SNS takes fewer than 100


class Notifications:
    """``client`` is a boto3 SNS client."""

    def __init__(self, client: Any, topic: str) -> None:
        self._client = client
        self._topic = topic

    def publish(self, subject: str, facts: Mapping[str, object]) -> bool:
        """False, and a line in the log, where it cannot be sent: a notice never decides what happens next."""
        try:
            self._client.publish(
                TopicArn=self._topic,
                Subject=subject[: SUBJECT_CHARACTERS - 1],
                Message=json.dumps(redact(dict(facts)), sort_keys=True),
            )
        except Exception:
            logger.exception("the notice %r could not be sent", subject)
            return False
        return True
