"""InvokeEndpoint of sagemaker-runtime: the request goes to the model's server, the answer comes back.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
"""

from __future__ import annotations

import http.client
from typing import Required, TypedDict

from local_aws.api import ApiError, Context, operation
from local_aws.services.sagemaker.capture import Invocation, Payload
from local_aws.services.sagemaker.records import ENDPOINT, now
from local_aws.services.sagemaker.routing import NoFleetError, UnknownVariantError
from local_aws.services.sagemaker.runtime import runtime
from local_aws.services.sagemaker.serving import HOST, ModelServer

#: Of an answer; the gateway holds requests to the same limit, which is in the operation's input shape.
BODY_LIMIT = 6 * 1024 * 1024
SERVED = ("InService", "Updating", "RollingBack", "UpdateRollbackFailed")
ATTRIBUTES_HEADER = "X-Amzn-SageMaker-Custom-Attributes"
INFERENCE_ID_HEADER = "X-Amzn-SageMaker-Inference-Id"


class InvokeEndpointRequest(TypedDict, total=False):
    EndpointName: Required[str]
    Body: bytes
    ContentType: str
    Accept: str
    CustomAttributes: str
    InferenceId: str
    TargetVariant: str


class InvokeEndpointResponse(TypedDict, total=False):
    Body: Required[bytes]
    ContentType: str
    InvokedProductionVariant: str
    CustomAttributes: str


class ModelError(ApiError):
    """The model answered with an error (``status`` 4xx or 5xx) or not at all (0)."""

    def __init__(self, context: Context, endpoint: str, status: int, said: str) -> None:
        kind = "client" if 400 <= status < 500 else "server"
        group = f"/aws/sagemaker/Endpoints/{endpoint}"
        message = (
            f'Received {kind} error ({status}) from primary with message "{said}". See '
            f"https://{context.region}.console.aws.amazon.com/cloudwatch/home?region={context.region}"
            f"#logEventViewer:group={group} in account {context.account} for more information."
        )
        super().__init__("ModelError", message, 424)
        # Members of the error's shape, which the gateway reads by these names.
        members = {
            "Message": message,
            "OriginalStatusCode": status,
            "OriginalMessage": said,
            "LogStreamArn": context.arn("logs", f"log-group:{group}"),
        }
        self.__dict__.update(members)


@operation("sagemaker-runtime", "InvokeEndpoint")
def invoke_endpoint(aws: Context, request: InvokeEndpointRequest) -> InvokeEndpointResponse:
    name, body = request["EndpointName"], request.get("Body", b"")
    endpoint = aws.store.get(ENDPOINT, name)
    if endpoint is None or endpoint["EndpointStatus"] not in SERVED:
        raise _not_served(aws, name)
    running = runtime(aws)
    if running.closing.is_set():
        raise ApiError("ServiceUnavailable", "The server is stopping.", 503)
    wait = running.settings.invocation_limit_seconds
    moment = now()
    try:
        with running.router.lease(name, request.get("TargetVariant"), wait) as (fleet, server):
            status, headers, answer = _forward(aws, request, body, server, wait)
    except NoFleetError as error:
        raise _not_served(aws, name) from error
    except UnknownVariantError as error:
        raise ApiError("ValidationError", f"Variant {error} not found for endpoint {name}.") from error
    if not 200 <= status < 300:
        raise ModelError(aws, name, status, answer.decode("utf-8", errors="replace"))
    if len(answer) > BODY_LIMIT:
        raise ModelError(aws, name, 0, f"The response is larger than {BODY_LIMIT} bytes.")
    content_type = headers.get("Content-Type", "application/octet-stream")
    invocation = Invocation(
        endpoint=name,
        variant=server.variant,
        request=Payload(_content_type(request), body),
        response=Payload(content_type, answer),
        moment=moment,
        inference_id=request.get("InferenceId"),
        custom_attributes=request.get("CustomAttributes"),
    )
    running.capture.record(invocation, fleet.capture)
    response: InvokeEndpointResponse = {
        "Body": answer,
        "ContentType": content_type,
        "InvokedProductionVariant": server.variant,
    }
    if attributes := headers.get(ATTRIBUTES_HEADER):
        response["CustomAttributes"] = attributes
    return response


def _forward(
    context: Context, request: InvokeEndpointRequest, body: bytes, server: ModelServer, limit_seconds: float
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """One request on a connection of its own: a kept one could be closed by the server just as it is used again."""
    name = request["EndpointName"]
    connection = http.client.HTTPConnection(HOST, server.port, timeout=limit_seconds)
    try:
        connection.request("POST", "/invocations", body, _headers(request))
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    except ConnectionRefusedError as error:
        raise ApiError("ServiceUnavailable", f"The model of endpoint {name} is starting: try again.", 503) from error
    except TimeoutError as error:
        said = "Your invocation timed out while waiting for a response from container primary."
        raise ModelError(context, name, 0, said) from error
    except (OSError, http.client.HTTPException) as error:
        said = f"The connection to container primary broke ({type(error).__name__})."
        raise ModelError(context, name, 0, said) from error
    finally:
        connection.close()


def _headers(request: InvokeEndpointRequest) -> dict[str, str]:
    headers = {
        "Content-Type": _content_type(request),
        "Accept": request.get("Accept", "*/*"),
        "Connection": "close",
    }
    if "CustomAttributes" in request:
        headers[ATTRIBUTES_HEADER] = request["CustomAttributes"]
    if "InferenceId" in request:
        headers[INFERENCE_ID_HEADER] = request["InferenceId"]
    return headers


def _content_type(request: InvokeEndpointRequest) -> str:
    return request.get("ContentType", "application/octet-stream")


def _not_served(context: Context, name: str) -> ApiError:
    return ApiError("ValidationError", f"Endpoint {name} of account {context.account} not found.")
