"""Environments as MWAA tells of them. They come from the server's environment files, so nobody creates one here."""

from __future__ import annotations

from typing import Any, NoReturn, TypedDict
from urllib.parse import urlsplit

from local_aws.api import ApiError, Context, operation
from local_aws.services.mwaa.environments import Airflow

MOST_RESULTS = 25


class NamedRequest(TypedDict):
    Name: str


class ListEnvironmentsRequest(TypedDict, total=False):
    NextToken: str
    MaxResults: int


class ListEnvironmentsResponse(TypedDict, total=False):
    Environments: list[str]
    NextToken: str


def find(aws: Context, name: str) -> Airflow:
    found = aws.airflows.get(name)
    if found is None:
        raise ApiError("ResourceNotFoundException", f"Environment not found: {name}", 404)
    return found


@operation("mwaa", "GetEnvironment")
def get_environment(aws: Context, request: NamedRequest) -> dict[str, Any]:
    """https://docs.aws.amazon.com/mwaa/latest/API/API_GetEnvironment.html, as far as the environment file tells."""
    airflow = find(aws, request["Name"])
    return {
        "Environment": {
            "Name": airflow.name,
            "Arn": aws.arn("airflow", f"environment/{airflow.name}"),
            "Status": "AVAILABLE",
            "CreatedAt": airflow.created,
            "WebserverUrl": urlsplit(airflow.url).netloc,
            **airflow.told,
        }
    }


@operation("mwaa", "ListEnvironments")
def list_environments(aws: Context, request: ListEnvironmentsRequest) -> ListEnvironmentsResponse:
    """Names in their order; the token is the last name of the page before."""
    names = sorted(name for name in aws.airflows if name > request.get("NextToken", ""))
    size = request.get("MaxResults", MOST_RESULTS)
    answer: ListEnvironmentsResponse = {"Environments": names[:size]}
    if len(names) > size:
        answer["NextToken"] = names[size - 1]
    return answer


@operation("mwaa", "CreateCliToken")
def create_cli_token(aws: Context, request: NamedRequest) -> NoReturn:
    find(aws, request["Name"])
    raise ApiError("ValidationException", "local_aws gives no CLI tokens: call the REST API with InvokeRestApi")


@operation("mwaa", "CreateWebLoginToken")
def create_web_login_token(aws: Context, request: NamedRequest) -> NoReturn:
    url = find(aws, request["Name"]).url
    raise ApiError("ValidationException", f"local_aws gives no login tokens: log in to the local Airflow at {url}")


@operation("mwaa", "CreateEnvironment")
def create_environment(aws: Context, request: NamedRequest) -> NoReturn:
    raise ApiError(
        "ValidationException", "local_aws creates no Airflow: name a running one with --mwaa-environment FILE"
    )
