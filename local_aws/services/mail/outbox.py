"""Each message is one ``.eml`` file, readable by its owner alone: by default in ``<state folder>/mail``."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTPUTF8
from email.utils import format_datetime
from pathlib import Path

from local_aws.api import Context
from local_aws.settings import ServerSettings

POLICY = SMTPUTF8.clone(cte_type="8bit")
OWNER_ONLY = 0o600


def folder_of(aws: Context) -> Path:
    """``--mail-dir`` of ``python -m local_aws start``, else ``LOCAL_AWS_MAIL_DIR``, else in the state folder."""
    chosen = ServerSettings.from_environment().mail_dir
    return Path(chosen) if chosen else aws.state_dir / "mail"


def new_message_id() -> str:
    """As SES makes them."""
    now = format(int(datetime.now(UTC).timestamp() * 1000), "016x")
    return f"{now}-{uuid.uuid4()}-000000"


def compose(
    *,
    sender: str,
    subject: str,
    text: str | None = None,
    html: str | None = None,
    to: Sequence[str] = (),
    cc: Sequence[str] = (),
    reply_to: Sequence[str] = (),
) -> bytes:
    """A message with a text, an HTML part or both. ``ValueError`` for a header that holds a line break."""
    message = EmailMessage(policy=POLICY)
    message["From"] = sender
    for name, addresses in (("To", to), ("Cc", cc), ("Reply-To", reply_to)):
        if addresses:
            message[name] = ", ".join(addresses)
    message["Subject"] = subject
    message["Date"] = format_datetime(datetime.now(UTC))
    if text is not None or html is None:
        message.set_content(text or "", cte="8bit")
    if html is not None and text is not None:
        message.add_alternative(html, subtype="html", cte="8bit")
    elif html is not None:
        message.set_content(html, subtype="html", cte="8bit")
    return message.as_bytes()


def keep(aws: Context, content: bytes, recipients: Sequence[str], message_id: str) -> Path:
    """Put a message into the outbox. The envelope's recipients (Bcc among them) stand in a header of their own."""
    folder = folder_of(aws)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{message_id[-43:]}.eml"
    header = f"Message-ID: <{message_id}@email.local>\r\nX-Envelope-To: {', '.join(recipients)}\r\n"
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as file:
        file.write(header.encode() + content)
    temporary.replace(path)
    return path
