"""Mail of both versions of SES lies in the outbox.

Sources: https://docs.aws.amazon.com/ses/latest/APIReference/API_SendEmail.html,
https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html and
https://docs.aws.amazon.com/ses/latest/dg/send-personalized-email-api.html
"""

from __future__ import annotations

import email
import email.policy
import uuid
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_server import LocalServer

pytestmark = pytest.mark.stack

SENDER = "Sender <sender@verified.example>"


@pytest.fixture
def ses(local_aws_server: LocalServer) -> Any:
    client = local_aws_server.client("ses")
    client.verify_domain_identity(Domain="verified.example")
    return client


@pytest.fixture
def sesv2(ses: Any, local_aws_server: LocalServer) -> Any:
    return local_aws_server.client("sesv2")


@pytest.fixture
def sent(local_aws_server: LocalServer) -> Callable[[str], EmailMessage]:
    def find(message_id: str) -> EmailMessage:
        (path,) = (local_aws_server.state_dir / "mail").glob(f"*-{message_id[-43:]}.eml")
        assert path.stat().st_mode & 0o777 == 0o600
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        return message

    return find


def content(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).strip()


def test_mail_with_text_and_html_names_its_readers(ses: Any, sent: Callable[[str], EmailMessage]) -> None:
    before = ses.get_send_quota()["SentLast24Hours"]
    answer = ses.send_email(
        Source=SENDER,
        Destination={"ToAddresses": ["a@x.example"], "CcAddresses": ["b@x.example"], "BccAddresses": ["c@x.example"]},
        Message={
            "Subject": {"Data": "Prüfung"},
            "Body": {"Text": {"Data": "Grüße"}, "Html": {"Data": "<p>Grüße</p>"}},
        },
        ReplyToAddresses=["r@x.example"],
    )
    message = sent(answer["MessageId"])
    assert (message["From"], message["To"], message["Cc"], message["Bcc"]) == (
        SENDER,
        "a@x.example",
        "b@x.example",
        None,
    )
    assert (message["Subject"], message["Reply-To"]) == ("Prüfung", "r@x.example")
    assert message["X-Envelope-To"] == "a@x.example, b@x.example, c@x.example"
    assert (content(message, "plain"), content(message, "html")) == ("Grüße", "<p>Grüße</p>")
    assert ses.get_send_quota()["SentLast24Hours"] == before + 3
    assert sum(point["DeliveryAttempts"] for point in ses.get_send_statistics()["SendDataPoints"]) >= 3


def test_raw_mail_is_kept_as_it_is(ses: Any, sesv2: Any, sent: Callable[[str], EmailMessage]) -> None:
    raw = b"From: sender@verified.example\r\nTo: a@x.example\r\nSubject: raw\r\nX-Own: 1\r\n\r\nbody\r\n"
    for answer in (
        ses.send_raw_email(RawMessage={"Data": raw}),
        sesv2.send_email(Content={"Raw": {"Data": raw}}),
    ):
        message = sent(answer["MessageId"])
        assert (message["X-Own"], message["X-Envelope-To"], content(message, "plain")) == ("1", "a@x.example", "body")


def test_templates_are_filled_in(ses: Any, sesv2: Any, sent: Callable[[str], EmailMessage]) -> None:
    name = uuid.uuid4().hex
    ses.create_template(
        Template={"TemplateName": name, "SubjectPart": "Hi {{name}}", "TextPart": "Dear {{name}}", "HtmlPart": "<b>"}
    )
    to = {"ToAddresses": ["a@x.example"]}
    answers = [
        ses.send_templated_email(Source=SENDER, Destination=to, Template=name, TemplateData='{"name": "Ann"}'),
        sesv2.send_email(
            FromEmailAddress=SENDER,
            Destination=to,
            Content={"Template": {"TemplateName": name, "TemplateData": '{"name": "Ann"}'}},
        ),
        sesv2.send_email(
            FromEmailAddress=SENDER,
            Destination=to,
            Content={
                "Template": {
                    "TemplateContent": {"Subject": "Hi {{name}}", "Text": "Dear {{name}}"},
                    "TemplateData": '{"name": "Ann"}',
                }
            },
        ),
    ]
    for answer in answers:
        message = sent(answer["MessageId"])
        assert (message["Subject"], content(message, "plain")) == ("Hi Ann", "Dear Ann")
    with pytest.raises(ClientError) as caught:
        ses.send_templated_email(Source=SENDER, Destination=to, Template=name, TemplateData="{}")
    assert caught.value.response["Error"]["Code"] == "MissingRenderingAttribute"
    bulk = ses.send_bulk_templated_email(
        Source=SENDER,
        Template=name,
        DefaultTemplateData='{"name": "all"}',
        Destinations=[{"Destination": to}, {"Destination": to, "ReplacementTemplateData": '{"name": "Bob"}'}],
    )
    assert [sent(each["MessageId"])["Subject"] for each in bulk["Status"]] == ["Hi all", "Hi Bob"]


def test_unverified_sender_and_wrong_mail_are_refused(ses: Any, sesv2: Any) -> None:
    simple = {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}
    to = {"ToAddresses": ["a@x.example"]}
    with pytest.raises(ses.exceptions.MessageRejected, match="not verified"):
        ses.send_email(Source="x@elsewhere.example", Destination=to, Message=simple)
    with pytest.raises(sesv2.exceptions.MessageRejected, match="not verified"):
        sesv2.send_email(FromEmailAddress="x@elsewhere.example", Destination=to, Content={"Simple": simple})
    broken = {**simple, "Subject": {"Data": "s\r\nBcc: victim@x.example"}}
    for destination, message in (
        ({"ToAddresses": []}, simple),
        ({"ToAddresses": ["nobody"]}, simple),
        ({"ToAddresses": [f"{n}@x.example" for n in range(51)]}, simple),
        (to, broken),
    ):
        with pytest.raises(ClientError, match="InvalidParameterValue"):
            ses.send_email(Source=SENDER, Destination=destination, Message=message)
    with pytest.raises(sesv2.exceptions.NotFoundException):
        sesv2.send_email(
            FromEmailAddress=SENDER,
            Destination=to,
            Content={"Template": {"TemplateName": "none", "TemplateData": "{}"}},
        )


def test_outbox_is_where_the_option_says(own_server: Callable[..., LocalServer], tmp_path: Path) -> None:
    server = own_server("--mail-dir", str(tmp_path / "elsewhere"))
    ses = server.client("ses")
    ses.verify_email_identity(EmailAddress="me@x.example")
    message = {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}
    ses.send_email(Source="me@x.example", Destination={"ToAddresses": ["a@x.example"]}, Message=message)
    assert len(list((tmp_path / "elsewhere").glob("*.eml"))) == 1
