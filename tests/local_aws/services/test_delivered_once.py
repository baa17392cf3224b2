"""A start repeats moto's requests; what followed from them (messages, mail, notifications) is not repeated.

Recorded behaviour of this server: the journal of requests and the orders of the store are kept apart.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from local_server import LocalServer

pytestmark = pytest.mark.stack

QUEUE = "arn:aws:sqs:us-east-1:123456789012:"


def receive_all(sqs: Any, url: str, number: int) -> list[str]:
    """The bodies of ``number`` messages, and of whatever else lies there."""
    bodies: list[str] = []
    while True:
        wait = 15 if len(bodies) < number else 0
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=wait).get("Messages", [])
        if not messages:
            return bodies
        for message in messages:
            bodies.append(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def once(bodies: list[str]) -> list[str]:
    """Without the one message that may have been on its way when the server was killed: it is sent again as it was.

    At least once is what AWS promises too: https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html
    """
    different = sorted(set(bodies))
    assert len(bodies) - len(different) <= 1
    return different


def test_kill_neither_loses_nor_repeats_what_followed_from_requests(own_server: Callable[..., LocalServer]) -> None:
    server = own_server()
    sns, sqs, s3 = (server.client(name) for name in ("sns", "sqs", "s3"))
    urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("plain", "raw", "objects")}
    topic = sns.create_topic(Name="topic")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE + "plain")
    raw = {"RawMessageDelivery": "true", "FilterPolicy": json.dumps({"n": [{"numeric": [">", 2]}]})}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE + "raw", Attributes=raw)
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@x.example")
    s3.create_bucket(Bucket="told")
    notified = {"QueueArn": QUEUE + "objects", "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]}
    s3.put_bucket_notification_configuration(
        Bucket="told", NotificationConfiguration={"QueueConfigurations": [notified]}
    )
    for number in range(5):
        attributes = {"n": {"DataType": "Number", "StringValue": str(number)}}
        sns.publish(TopicArn=topic, Message=f"m{number}", MessageAttributes=attributes)
        s3.put_object(Bucket="told", Key=f"k{number}", Body=b"x")
    s3.delete_object(Bucket="told", Key="k0")
    server.kill()
    server.start()
    plain = [json.loads(body)["Message"] for body in once(receive_all(sqs, urls["plain"], 5))]
    assert Counter(plain) == Counter(f"m{number}" for number in range(5))
    assert once(receive_all(sqs, urls["raw"], 2)) == ["m3", "m4"]
    told = [json.loads(body) for body in once(receive_all(sqs, urls["objects"], 7))]
    names = [body["Records"][0]["eventName"] if "Records" in body else body["Event"] for body in told]
    assert Counter(names) == {"s3:TestEvent": 1, "ObjectCreated:Put": 5, "ObjectRemoved:Delete": 1}
    (mail,) = (server.state_dir / "mail").glob("*.eml")
    token = re.search(r"token:\s+(\w+)", mail.read_text())
    assert token is not None
    assert sns.confirm_subscription(TopicArn=topic, Token=token[1])["SubscriptionArn"].startswith(topic)
    assert "gave another answer" not in server.log()
