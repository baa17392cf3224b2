"""Events reach HTTP endpoints by API destinations, with the credentials of a connection that nobody reads back.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html and
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeConnection.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from http_endpoint import Endpoint, http_endpoint
from local_server import LocalServer

pytestmark = pytest.mark.stack
SECRET = "opensesame"


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with http_endpoint() as found:
        yield found


class Api:
    """A connection, an API destination and a rule with a queue for what is given up."""

    def __init__(self, server: LocalServer, endpoint: Endpoint) -> None:
        self.server, self.endpoint = server, endpoint
        self.name = f"api-{uuid.uuid4().hex}"
        self.events, self.sqs = server.client("events"), server.client("sqs")
        own = [
            {"Key": "X-Open", "Value": "seen", "IsValueSecret": False},
            {"Key": "X-Hidden", "Value": SECRET, "IsValueSecret": True},
        ]
        self.connection = self.events.create_connection(
            Name=self.name,
            AuthorizationType="BASIC",
            AuthParameters={
                "BasicAuthParameters": {"Username": "u", "Password": SECRET},
                "InvocationHttpParameters": {"HeaderParameters": own},
            },
        )["ConnectionArn"]

    def destination(self, path: str, rate: int = 300) -> str:
        return str(
            self.events.create_api_destination(
                Name=self.name,
                ConnectionArn=self.connection,
                InvocationEndpoint=self.endpoint.url + path,
                HttpMethod="PUT",
                InvocationRateLimitPerSecond=rate,
            )["ApiDestinationArn"]
        )

    def rule(self, arn: str, **target: Any) -> None:
        self.events.put_rule(Name=self.name, EventPattern=json.dumps({"source": [self.name]}))
        self.events.put_targets(Rule=self.name, Targets=[{"Id": "api", "Arn": arn, **target}])

    def put(self, *details: Any) -> None:
        entries = [{"Source": self.name, "DetailType": "kind", "Detail": json.dumps(detail)} for detail in details]
        assert self.events.put_events(Entries=entries)["FailedEntryCount"] == 0


@pytest.fixture
def api(local_aws_server: LocalServer, endpoint: Endpoint) -> Api:
    return Api(local_aws_server, endpoint)


def test_event_arrives_with_path_headers_query_and_credentials(api: Api, eventually: Callable[..., Any]) -> None:
    arn = api.destination("/orders/*/lines")
    parameters = {
        "PathParameterValues": ["$.detail.id"],
        "HeaderParameters": {"X-Mine": "1"},
        "QueryStringParameters": {"kind": "$.detail-type"},
    }
    api.rule(arn, HttpParameters=parameters, InputPath="$.detail", RoleArn="arn:aws:iam::123456789012:role/events")
    api.put({"id": "a/b"})
    seen = eventually(lambda: api.endpoint.seen)[0]
    assert (seen.method, seen.path, json.loads(seen.body)) == ("PUT", "/orders/a%2Fb/lines?kind=kind", {"id": "a/b"})
    assert (seen.headers["x-mine"], seen.headers["x-hidden"]) == ("1", SECRET)
    assert seen.headers["authorization"] == "Basic dTpvcGVuc2VzYW1l"


def test_busy_endpoint_is_tried_again_and_a_refusal_goes_to_the_dead_letters(
    api: Api, eventually: Callable[..., Any]
) -> None:
    url = api.sqs.create_queue(QueueName=api.name)["QueueUrl"]
    dead = f"arn:aws:sqs:us-east-1:123456789012:{api.name}"
    statuses = iter([429, 503, 404])
    api.endpoint.answer = lambda seen: (next(statuses), {}, b"")
    api.rule(api.destination("/"), DeadLetterConfig={"Arn": dead})
    api.put({"n": 1})
    answer = api.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20, MessageAttributeNames=["All"])
    attributes = {name: value["StringValue"] for name, value in answer["Messages"][0]["MessageAttributes"].items()}
    assert (attributes["ERROR_CODE"], attributes["RETRY_ATTEMPTS"]) == ("404", "2")
    assert len(api.endpoint.seen) == 3


def test_secrets_do_not_come_back_and_an_update_authorises_again(api: Api) -> None:
    told = api.events.describe_connection(Name=api.name)
    assert told["AuthParameters"]["BasicAuthParameters"] == {"Username": "u"}
    headers = told["AuthParameters"]["InvocationHttpParameters"]["HeaderParameters"]
    assert headers[0]["Value"] == "seen"
    assert "Value" not in headers[1]
    assert SECRET not in json.dumps([told, api.events.list_connections()], default=str)
    api.destination("/")
    assert api.events.deauthorize_connection(Name=api.name)["ConnectionState"] == "DEAUTHORIZED"
    assert api.events.describe_connection(Name=api.name)["ConnectionState"] == "DEAUTHORIZED"
    assert api.events.describe_api_destination(Name=api.name)["ApiDestinationState"] == "INACTIVE"
    again = {"BasicAuthParameters": {"Password": "new"}}
    assert api.events.update_connection(Name=api.name, AuthParameters=again)["ConnectionState"] == "AUTHORIZED"
    assert api.events.describe_connection(Name=api.name)["AuthParameters"]["BasicAuthParameters"] == {"Username": "u"}
    assert api.events.describe_api_destination(Name=api.name)["ApiDestinationState"] == "ACTIVE"


def test_what_could_never_arrive_is_refused(api: Api) -> None:
    with pytest.raises(ClientError, match="https://"):
        api.events.create_api_destination(
            Name="plain", ConnectionArn=api.connection, InvocationEndpoint="http://example.com", HttpMethod="GET"
        )
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        api.events.create_api_destination(
            Name="gone", ConnectionArn=api.connection + "0", InvocationEndpoint="https://example.com", HttpMethod="GET"
        )
    arn = api.destination("/*")
    with pytest.raises(ClientError, match="1 wildcards"):
        api.rule(arn)
    with pytest.raises(ClientError, match="does not exist"):
        api.rule(arn + "0")
