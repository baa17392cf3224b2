"""InvokeEndpoint of sagemaker-runtime: the request goes to the model's server, the answer comes back.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
"""

from __future__ import annotations

import http.client
import time
from dataclasses import replace
from typing import Required, TypedDict

from local_aws.api import ApiError, Context, operation
from local_aws.services.sagemaker.capture_events import Invocation, Payload
from local_aws.services.sagemaker.forwarding import Answer, forward
from local_aws.services.sagemaker.records import ENDPOINT, now
from local_aws.services.sagemaker.routing import Fleet, NoFleetError, UnknownVariantError
from local_aws.services.sagemaker.runtime import Runtime, runtime
from local_aws.services.sagemaker.serving import ModelServer
from local_aws.services.sagemaker.shadowing import Copy

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
    began = time.perf_counter()
    name = request["EndpointName"]
    endpoint = aws.store.get(ENDPOINT, name)
    if endpoint is None or endpoint["EndpointStatus"] not in SERVED:
        raise _not_served(aws, name)
    running = runtime(aws)
    if running.closing.is_set():
        raise ApiError("ServiceUnavailable", "The server is stopping.", 503)
    invocation = _invocation(request)
    wait = running.settings.invocation_limit_seconds
    try:
        with running.router.lease(name, request.get("TargetVariant"), wait) as (fleet, server):
            _copy_to_shadows(running, fleet, server, invocation, request)
            answer = _answer(aws, running, request, server, began)
    except NoFleetError as error:
        raise _not_served(aws, name) from error
    except UnknownVariantError as error:
        raise ApiError("ValidationError", f"Variant {error} not found for endpoint {name}.") from error
    response = Payload(answer.content_type, answer.body)
    # Kept before the answer goes out: what a caller has seen is captured.
    answered = replace(invocation, variant=server.variant, response=response, role=server.role)
    running.capture.record(answered, fleet.capture)
    result: InvokeEndpointResponse = {
        "Body": answer.body,
        "ContentType": answer.content_type,
        "InvokedProductionVariant": server.variant,
    }
    if attributes := answer.headers.get(ATTRIBUTES_HEADER):
        result["CustomAttributes"] = attributes
    return result


def _answer(
    context: Context, running: Runtime, request: InvokeEndpointRequest, server: ModelServer, began: float
) -> Answer:
    """The model's answer, counted whatever it is. Raises ``ModelError`` for one that is no success."""
    name, status, sent = request["EndpointName"], 0, time.perf_counter()
    try:
        answer = _forward(context, request, server, running.settings.invocation_limit_seconds)
        status = answer.status
    finally:
        model_seconds = time.perf_counter() - sent
        running.metrics.count(name, server.variant, server.instances, status, model_seconds, sent - began)
    if not 200 <= status < 300:
        raise ModelError(context, name, status, answer.body.decode("utf-8", errors="replace"))
    if len(answer.body) > BODY_LIMIT:
        raise ModelError(context, name, 0, f"The response is larger than {BODY_LIMIT} bytes.")
    return answer


def _copy_to_shadows(
    running: Runtime, fleet: Fleet, server: ModelServer, invocation: Invocation, request: InvokeEndpointRequest
) -> None:
    if not fleet.shadows:
        return
    limit = running.settings.invocation_limit_seconds
    for shadow in fleet.shadows_of_next(server.variant):
        running.shadows.send(Copy(shadow, invocation, _headers(request), fleet.capture, limit))


def _invocation(request: InvokeEndpointRequest) -> Invocation:
    """What is known of the request before it is answered."""
    return Invocation(
        endpoint=request["EndpointName"],
        variant="",
        request=Payload(_content_type(request), request.get("Body", b"")),
        response=Payload("", b""),
        moment=now(),
        inference_id=request.get("InferenceId"),
        custom_attributes=request.get("CustomAttributes"),
    )


def _forward(context: Context, request: InvokeEndpointRequest, server: ModelServer, limit_seconds: float) -> Answer:
    name = request["EndpointName"]
    try:
        return forward(server, request.get("Body", b""), _headers(request), limit_seconds)
    except ConnectionRefusedError as error:
        raise ApiError("ServiceUnavailable", f"The model of endpoint {name} is starting: try again.", 503) from error
    except TimeoutError as error:
        said = "Your invocation timed out while waiting for a response from container primary."
        raise ModelError(context, name, 0, said) from error
    except (OSError, http.client.HTTPException) as error:
        said = f"The connection to container primary broke ({type(error).__name__})."
        raise ModelError(context, name, 0, said) from error


def _headers(request: InvokeEndpointRequest) -> dict[str, str]:
    headers = {"Content-Type": _content_type(request), "Accept": request.get("Accept", "*/*")}
    if "CustomAttributes" in request:
        headers[ATTRIBUTES_HEADER] = request["CustomAttributes"]
    if "InferenceId" in request:
        headers[INFERENCE_ID_HEADER] = request["InferenceId"]
    return headers


def _content_type(request: InvokeEndpointRequest) -> str:
    return request.get("ContentType", "application/octet-stream")


def _not_served(context: Context, name: str) -> ApiError:
    return ApiError("ValidationError", f"Endpoint {name} of account {context.account} not found.")
