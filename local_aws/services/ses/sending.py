"""What both versions of SES do with a message: check it, keep it, count it.

https://docs.aws.amazon.com/ses/latest/dg/quotas.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any

from moto.core.exceptions import ServiceException
from moto.ses.models import SESBackend, ses_backends
from moto.ses.template import parse_template

from local_aws.api import ApiError, Context
from local_aws.services import mail

SENT = "ses:sent"
MOST_RECIPIENTS = 50
LARGEST_MESSAGE_BYTES = 40 * 1024 * 1024


def backend_of(aws: Context) -> SESBackend:
    """Where moto keeps identities and templates."""
    return ses_backends[aws.account][aws.region]


def check_sender(aws: Context, sender: str) -> None:
    """A message is only sent from an identity that was verified."""
    if not backend_of(aws)._is_verified_address(sender):
        address = parseaddr(sender)[1] or sender
        raise ApiError(
            "MessageRejected",
            "Email address is not verified. The following identities failed the check in region "
            f"{aws.region.upper()}: {address}",
        )


def check_recipients(recipients: Sequence[str]) -> None:
    if not recipients:
        raise ApiError("InvalidParameterValue", "Missing final destination: name a recipient")
    if len(recipients) > MOST_RECIPIENTS:
        raise ApiError("InvalidParameterValue", f"Recipient count exceeds {MOST_RECIPIENTS}.")
    for recipient in recipients:
        address = parseaddr(recipient)[1]
        if "@" not in address or address.startswith("@") or address.endswith("@"):
            raise ApiError("InvalidParameterValue", "Missing final '@domain'")


def send(
    aws: Context, sender: str, subject: str, text: str | None, html: str | None, destination: Mapping[str, Any],
    reply_to: Sequence[str] = (),
) -> str:  # fmt: skip
    """Check, compose and keep a message; returns its id."""
    check_sender(aws, sender)
    to, cc, bcc = (destination.get(name) or [] for name in ("ToAddresses", "CcAddresses", "BccAddresses"))
    check_recipients([*to, *cc, *bcc])
    try:
        content = mail.compose(sender=sender, subject=subject, text=text, html=html, to=to, cc=cc, reply_to=reply_to)
    except (ValueError, UnicodeError) as error:
        raise ApiError("InvalidParameterValue", f"the message cannot be written: {error}") from error
    return keep(aws, content, [*to, *cc, *bcc])


def keep(aws: Context, content: bytes, recipients: Sequence[str]) -> str:
    """Put a whole message into the outbox; returns its id."""
    if len(content) > LARGEST_MESSAGE_BYTES:
        raise ApiError("InvalidParameterValue", f"Message length is more than {LARGEST_MESSAGE_BYTES} bytes long")
    message_id = mail.new_message_id()
    mail.keep(aws, content, recipients, message_id)
    aws.store.append(SENT, {"at": datetime.now(UTC).timestamp(), "recipients": len(recipients)})
    return message_id


def template_of(aws: Context, name: str) -> dict[str, Any]:
    """A template's parts, as moto keeps them."""
    try:
        found: dict[str, Any] = backend_of(aws).get_template(name)
    except ServiceException as error:
        raise ApiError("TemplateDoesNotExist", f"Template {name} does not exist.") from error
    return found


def rendered(template: Mapping[str, Any], data_text: str) -> tuple[str, str | None, str | None]:
    """Subject, text and HTML with the data filled in."""
    try:
        data = json.loads(data_text or "{}")
    except ValueError as error:
        raise ApiError("InvalidRenderingParameter", "Template data is not valid JSON") from error
    parts = [template.get(name) for name in ("subject_part", "text_part", "html_part")]
    try:
        subject, text, html = (parse_template(str(part), data) if part else None for part in parts)
    except ServiceException as error:
        raise ApiError("MissingRenderingAttribute", str(error.message)) from error
    return subject or "", text, html
