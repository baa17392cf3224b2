"""Sending by SES's first API, and what was sent.

https://docs.aws.amazon.com/ses/latest/APIReference/API_SendEmail.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from email.utils import getaddresses
from typing import Any

from local_aws.api import ApiError, Context, operation
from local_aws.services.ses.sending import SENT, check_recipients, check_sender, keep, rendered, send, template_of

DAY_SECONDS = 86_400
QUARTER_SECONDS = 900
STATISTICS_SECONDS = 14 * DAY_SECONDS


@operation("ses", "SendEmail")
def send_email(aws: Context, request: dict[str, Any]) -> dict[str, str]:
    message, body = request["Message"], request["Message"]["Body"]
    text, html = (body[name]["Data"] if name in body else None for name in ("Text", "Html"))
    reply_to = request.get("ReplyToAddresses", [])
    subject = message["Subject"]["Data"]
    return {"MessageId": send(aws, request["Source"], subject, text, html, request["Destination"], reply_to)}


@operation("ses", "SendRawEmail")
def send_raw_email(aws: Context, request: dict[str, Any]) -> dict[str, str]:
    content = request["RawMessage"]["Data"]
    return {"MessageId": send_raw(aws, content, request.get("Source"), request.get("Destinations") or [])}


def send_raw(aws: Context, content: bytes, sender: str | None, recipients: list[str]) -> str:
    """Keep a message that is whole already; sender and recipients are its headers' unless they are given."""
    headers = message_from_bytes(content, policy=default)
    sender = sender or headers["From"]
    if not sender:
        raise ApiError("InvalidParameterValue", "Missing required header 'From'.")
    named = [address for _, address in getaddresses([str(headers[n]) for n in ("To", "Cc", "Bcc") if headers[n]])]
    check_sender(aws, str(sender))
    check_recipients(recipients or named)
    return keep(aws, content, recipients or named)


@operation("ses", "SendTemplatedEmail")
def send_templated_email(aws: Context, request: dict[str, Any]) -> dict[str, str]:
    check_sender(aws, request["Source"])
    subject, text, html = rendered(template_of(aws, request["Template"]), request["TemplateData"])
    reply_to = request.get("ReplyToAddresses", [])
    return {"MessageId": send(aws, request["Source"], subject, text, html, request["Destination"], reply_to)}


@operation("ses", "SendBulkTemplatedEmail")
def send_bulk_templated_email(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    check_sender(aws, request["Source"])
    template = template_of(aws, request["Template"])
    results: list[dict[str, str]] = []
    for each in request["Destinations"]:
        try:
            data = each.get("ReplacementTemplateData") or request["DefaultTemplateData"]
            subject, text, html = rendered(template, data)
            message_id = send(aws, request["Source"], subject, text, html, each["Destination"])
            results.append({"Status": "Success", "MessageId": message_id})
        except ApiError as error:
            results.append({"Status": "InvalidParameterValue", "Error": error.message})
    return {"Status": results}


@operation("ses", "GetSendQuota")
def get_send_quota(aws: Context, request: dict[str, Any]) -> dict[str, float]:
    """The quotas of an account that may send to anybody; what was sent is counted."""
    since = datetime.now(UTC).timestamp() - DAY_SECONDS
    sent = sum(entry["recipients"] for _, entry in aws.store.read(SENT) if entry["at"] >= since)
    return {"Max24HourSend": 50_000.0, "MaxSendRate": 14.0, "SentLast24Hours": float(sent)}


@operation("ses", "GetSendStatistics")
def get_send_statistics(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Deliveries of the last two weeks by quarter of an hour. Nothing bounces here."""
    since, quarters = datetime.now(UTC).timestamp() - STATISTICS_SECONDS, dict[float, int]()
    for _, entry in aws.store.read(SENT):
        if entry["at"] >= since:
            quarter = entry["at"] // QUARTER_SECONDS * QUARTER_SECONDS
            quarters[quarter] = quarters.get(quarter, 0) + entry["recipients"]
    points = [
        {"Timestamp": datetime.fromtimestamp(at, UTC), "DeliveryAttempts": count, "Bounces": 0, "Complaints": 0,
         "Rejects": 0}
        for at, count in sorted(quarters.items())
    ]  # fmt: skip
    return {"SendDataPoints": points}
