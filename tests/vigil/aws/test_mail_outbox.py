"""Mail as it leaves a server that enforces roles: what lies in the outbox, and from whom mail may come."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_server import LocalServer
from role_sessions import allow, role, session

from vigil.approvals.reminder_text import MailText
from vigil.aws.mail import SesMail

pytestmark = pytest.mark.stack

SENDER = "vigil@example.org"
TEXT = MailText("Vigil: apr-1 waits for signatures", "Request:  apr-1\nAsked for by:  dana ü\n")


@pytest.fixture(scope="module")
def outbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("outbox")


@pytest.fixture(scope="module")
def server(outbox: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    folder = tmp_path_factory.mktemp("mail")
    with LocalServer(folder / "state", options=["--iam", "enforce", "--mail-dir", str(outbox)]) as running:
        for address in (SENDER, "other@example.org"):
            running.client("ses").verify_email_identity(EmailAddress=address)
        yield running


@pytest.fixture(scope="module")
def ses(server: LocalServer) -> object:
    """A client under the statement that infra/template.yaml gives to remind_approvers."""
    statement = allow(
        "ses:SendEmail",
        "arn:aws:ses:us-east-1:123456789012:identity/*",
        StringEquals={"ses:FromAddress": SENDER},
    )
    return session(server, role(server, "remind-approvers", statement))("ses")


def test_a_mail_has_one_sender_one_reader_and_plain_text_only(ses: object, outbox: Path) -> None:
    assert SesMail(ses, SENDER).send("ana@example.org", TEXT)
    (path,) = outbox.glob("*.eml")
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert (message["From"], message["To"], message["Subject"]) == (SENDER, "ana@example.org", TEXT.subject)
    assert message["X-Envelope-To"] == "ana@example.org"
    assert (message["Cc"], message["Bcc"]) == (None, None)
    assert message.get_content_type() == "text/plain"
    assert message.get_content().replace("\r\n", "\n") == TEXT.body


def test_the_function_cannot_send_as_somebody_else(ses: object, outbox: Path, caplog: pytest.LogCaptureFixture) -> None:
    before = len(list(outbox.glob("*.eml")))
    assert not SesMail(ses, "other@example.org").send("ana@example.org", TEXT)
    assert "AccessDenied" in caplog.text
    assert len(list(outbox.glob("*.eml"))) == before
