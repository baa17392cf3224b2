"""Messages of topics reach queues, functions, HTTP endpoints and the mail outbox.

Sources: https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html,
https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html and
https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
"""

from __future__ import annotations

import email
import email.policy
import json
import re
import threading
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from local_server import LocalServer
from remembering_function import KEEP

pytestmark = pytest.mark.stack


class Topic:
    def __init__(self, server: LocalServer) -> None:
        self.server = server
        self.sns, self.sqs = server.client("sns"), server.client("sqs")
        self.name = uuid.uuid4().hex
        self.arn = self.sns.create_topic(Name=self.name)["TopicArn"]

    def queue(self, **attributes: str) -> str:
        url = self.sqs.create_queue(QueueName=self.name + uuid.uuid4().hex[:4])["QueueUrl"]
        arn = f"arn:aws:sqs:us-east-1:123456789012:{url.rpartition('/')[2]}"
        self.sns.subscribe(TopicArn=self.arn, Protocol="sqs", Endpoint=arn, Attributes=attributes)
        return str(url)

    def receive(self, url: str) -> dict[str, Any]:
        message: dict[str, Any] = self.sqs.receive_message(
            QueueUrl=url, WaitTimeSeconds=15, MessageAttributeNames=["All"]
        )["Messages"][0]
        return message

    def mails(self, address: str) -> list[email.message.EmailMessage]:
        folder = self.server.state_dir / "mail"
        found = [path for path in sorted(folder.glob("*.eml")) if f"X-Envelope-To: {address}" in path.read_text()]
        assert all(path.stat().st_mode & 0o777 == 0o600 for path in found)
        return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in found]


@pytest.fixture
def topic(local_aws_server: LocalServer) -> Topic:
    return Topic(local_aws_server)


def test_queues_get_notifications_or_raw_messages_by_their_filter(topic: Topic) -> None:
    plain = topic.queue()
    raw = topic.queue(RawMessageDelivery="true")
    picky = topic.queue(FilterPolicy=json.dumps({"kind": ["b"]}))
    for kind in ("a", "b"):
        attribute = {"kind": {"DataType": "String", "StringValue": kind}}
        topic.sns.publish(TopicArn=topic.arn, Message=f"m-{kind}", Subject="s", MessageAttributes=attribute)
    told = json.loads(topic.receive(plain)["Body"])
    assert (told["Type"], told["Message"], told["Subject"]) == ("Notification", "m-a", "s")
    assert told["MessageAttributes"] == {"kind": {"Type": "String", "Value": "a"}}
    message = topic.receive(raw)
    assert (message["Body"], message["MessageAttributes"]["kind"]["StringValue"]) == ("m-a", "a")
    assert json.loads(topic.receive(picky)["Body"])["Message"] == "m-b"


def test_function_runs_with_the_record_of_the_message(
    topic: Topic, make_function: Callable[..., str], tmp_path: Path, eventually: Callable[..., Any]
) -> None:
    seen = tmp_path / "seen"
    function = make_function(topic.server, KEEP, Environment={"Variables": {"SEEN": str(seen)}})
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{function}"
    topic.sns.subscribe(TopicArn=topic.arn, Protocol="lambda", Endpoint=arn)
    message_id = topic.sns.publish(TopicArn=topic.arn, Message="hello")["MessageId"]
    (record,) = json.loads(eventually(lambda: seen.exists() and seen.read_text()))["Records"]
    assert (record["EventSource"], record["Sns"]["MessageId"], record["Sns"]["Message"]) == (
        "aws:sns", message_id, "hello",
    )  # fmt: skip


def test_mailbox_confirms_with_the_token_of_its_mail_and_then_gets_mail(topic: Topic) -> None:
    address = f"{topic.name}@example.com"
    subscribe = {"TopicArn": topic.arn, "Protocol": "email", "Endpoint": address}
    assert topic.sns.subscribe(**subscribe)["SubscriptionArn"] == "pending confirmation"
    (listed,) = topic.sns.list_subscriptions_by_topic(TopicArn=topic.arn)["Subscriptions"]
    assert listed["SubscriptionArn"] == "PendingConfirmation"
    counted = topic.sns.get_topic_attributes(TopicArn=topic.arn)["Attributes"]
    assert (counted["SubscriptionsPending"], counted["SubscriptionsConfirmed"]) == ("1", "0")
    topic.sns.publish(TopicArn=topic.arn, Message="too early")
    (mail,) = topic.mails(address)
    text = mail.get_content()
    with pytest.raises(topic.sns.exceptions.InvalidParameterException):
        topic.sns.confirm_subscription(TopicArn=topic.arn, Token="wrong")
    token = re.search(r"token:\s+(\w+)", text)
    assert token is not None
    arn = topic.sns.confirm_subscription(TopicArn=topic.arn, Token=token[1])["SubscriptionArn"]
    assert arn == topic.sns.list_subscriptions_by_topic(TopicArn=topic.arn)["Subscriptions"][0]["SubscriptionArn"]
    topic.sns.publish(TopicArn=topic.arn, Message="Grüße\nzwei", Subject="Alarm")
    mail = topic.mails(address)[-1]
    assert (mail["Subject"], mail["To"], mail.get_content().splitlines()) == ("Alarm", address, ["Grüße", "zwei"])


def test_address_in_the_mail_confirms_as_well(topic: Topic) -> None:
    address = f"{topic.name}@example.com"
    topic.sns.subscribe(TopicArn=topic.arn, Protocol="email-json", Endpoint=address)
    url = re.search(r"http://\S+", topic.mails(address)[0].get_content())
    assert url is not None
    with urllib.request.urlopen(url[0], timeout=20) as answer:
        assert topic.arn in answer.read().decode()
    topic.sns.publish(TopicArn=topic.arn, Message="hello")
    assert json.loads(topic.mails(address)[-1].get_content())["Message"] == "hello"


@pytest.fixture
def endpoint() -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """An HTTP endpoint that is busy at first, and what it got."""
    got: list[tuple[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            got.append((self.headers["x-amz-sns-message-type"], body))
            self.send_response(503 if len(got) == 2 else 200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/sns", got
    server.shutdown()


def test_http_endpoint_confirms_and_is_tried_again(
    topic: Topic, endpoint: tuple[str, list[tuple[str, Any]]], eventually: Callable[..., Any]
) -> None:
    url, got = endpoint
    topic.sns.subscribe(TopicArn=topic.arn, Protocol="http", Endpoint=url)
    kind, body = eventually(lambda: got)[0]
    assert kind == "SubscriptionConfirmation"
    topic.sns.confirm_subscription(TopicArn=topic.arn, Token=body["Token"])
    topic.sns.publish(TopicArn=topic.arn, Message="hello")
    eventually(lambda: len(got) == 3)
    assert [(each, told.get("Message")) for each, told in got[1:]] == [("Notification", "hello")] * 2


def test_message_for_a_missing_queue_goes_to_the_dead_letter_queue(topic: Topic) -> None:
    dead = topic.sqs.create_queue(QueueName=topic.name + "-dead")["QueueUrl"]
    gone = topic.sns.subscribe(
        TopicArn=topic.arn,
        Protocol="sqs",
        Endpoint="arn:aws:sqs:us-east-1:123456789012:nowhere",
        Attributes={
            "RedrivePolicy": json.dumps(
                {"deadLetterTargetArn": f"arn:aws:sqs:us-east-1:123456789012:{topic.name}-dead"}
            )
        },
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    assert gone.startswith(topic.arn)
    topic.sns.publish(TopicArn=topic.arn, Message="lost")
    assert json.loads(topic.receive(dead)["Body"])["Message"] == "lost"
