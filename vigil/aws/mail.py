"""Mail by Amazon SES: one plain text to one person. https://docs.aws.amazon.com/ses/latest/APIReference/API_SendEmail.html"""

from __future__ import annotations

import logging
import re
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from vigil.approvals.reminder_text import MailText

logger = logging.getLogger(__name__)

#: One address and nothing else: no second one, no name, no line break that would begin another header.
ADDRESS = re.compile(r"[^@\s,;:<>\"()\[\]\\\x00-\x1f\x7f]+@[A-Za-z0-9.-]+")


class SesMail:
    """``Mail``. ``client`` is a boto3 SES client, ``sender`` an address that was verified there."""

    def __init__(self, client: Any, sender: str) -> None:
        self._client = client
        self._sender = sender

    def send(self, address: str, text: MailText) -> bool:
        if not ADDRESS.fullmatch(address):
            logger.error("mail was not sent: what is recorded as a person's address is none")
            return False
        try:
            self._client.send_email(
                Source=self._sender,
                Destination={"ToAddresses": [address]},
                Message={
                    "Subject": {"Data": text.subject, "Charset": "UTF-8"},
                    "Body": {"Text": {"Data": text.body, "Charset": "UTF-8"}},
                },
            )
        except (BotoCoreError, ClientError) as error:
            logger.error("mail could not be sent: %s", error)
            return False
        return True
