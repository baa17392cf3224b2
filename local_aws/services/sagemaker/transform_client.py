"""Requests of a transform job to its model server.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-batch-code.html
"""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any

from local_aws.services.sagemaker.serving import HOST

EXECUTION_PARAMETERS_SECONDS = 2.0
NAMES = ("MaxConcurrentTransforms", "BatchStrategy", "MaxPayloadInMB")


class InvocationError(Exception):
    """The model did not answer a request, or not with a success; the message says which."""


@dataclass(frozen=True)
class ModelClient:
    """Safe for threads: each request has a connection of its own."""

    port: int
    content_type: str | None
    accept: str | None
    limit_seconds: float
    retries: int

    def invoke(self, body: bytes) -> bytes:
        """The answer's body, after as many retries as needed and allowed. Raises ``InvocationError``."""
        for left in range(self.retries, -1, -1):
            try:
                return self._post(body)
            except InvocationError:
                if left == 0:
                    raise
        raise AssertionError("the last attempt has returned or raised")

    def execution_parameters(self) -> dict[str, Any]:
        """What the container suggests; nothing when it has no /execution-parameters."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=EXECUTION_PARAMETERS_SECONDS)
        try:
            connection.request("GET", "/execution-parameters")
            response = connection.getresponse()
            given = json.loads(response.read()) if response.status == 200 else {}
        except (OSError, http.client.HTTPException, ValueError):
            return {}
        finally:
            connection.close()
        return {name: given[name] for name in NAMES if name in given} if isinstance(given, dict) else {}

    def _post(self, body: bytes) -> bytes:
        headers = {"Content-Length": str(len(body))}
        if self.content_type:
            headers["Content-Type"] = self.content_type
        if self.accept:
            headers["Accept"] = self.accept
        connection = http.client.HTTPConnection(HOST, self.port, timeout=self.limit_seconds)
        try:
            connection.request("POST", "/invocations", body, headers)
            response = connection.getresponse()
            answer = response.read()
        except TimeoutError as error:
            raise InvocationError(f"Model server did not respond within {self.limit_seconds:g} seconds") from error
        except (OSError, http.client.HTTPException) as error:
            raise InvocationError(f"Model server did not respond: {type(error).__name__}") from error
        finally:
            connection.close()
        if response.status != 200:
            raise InvocationError(f"Bad HTTP status received from algorithm: {response.status}")
        return answer
