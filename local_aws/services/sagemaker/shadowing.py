"""Copies of requests for shadow variants: nobody waits for their answers, nobody sees their failures.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-shadow-deployment.html. A few threads serve the copies; when
all of them hang and the queue is full, copies are dropped and counted.
"""

from __future__ import annotations

import http.client
import logging
import queue
import threading
import time
from dataclasses import dataclass, replace

from local_aws.services.sagemaker.capture import CaptureWriter
from local_aws.services.sagemaker.capture_events import Invocation, Payload
from local_aws.services.sagemaker.forwarding import forward
from local_aws.services.sagemaker.hosting_shapes import DataCaptureConfig
from local_aws.services.sagemaker.invocation_metrics import InvocationMetrics
from local_aws.services.sagemaker.serving import ModelServer

logger = logging.getLogger(__name__)

THREADS = 4
WAITING_LIMIT = 256


@dataclass(frozen=True)
class Copy:
    """``invocation`` is that of the caller; its variant and answer become those of the shadow."""

    server: ModelServer
    invocation: Invocation
    headers: dict[str, str]
    capture: DataCaptureConfig | None
    limit_seconds: float


class ShadowTraffic:
    def __init__(self, capture: CaptureWriter, metrics: InvocationMetrics) -> None:
        self._capture = capture
        self._metrics = metrics
        self._waiting: queue.Queue[Copy] = queue.Queue(WAITING_LIMIT)
        self._started = False
        self._lock = threading.Lock()
        self.dropped = 0

    def send(self, copy: Copy) -> None:
        """Never waits and never raises."""
        self._start()
        try:
            self._waiting.put_nowait(copy)
        except queue.Full:
            with self._lock:
                self.dropped += 1
                first = self.dropped == 1
            if first:
                logger.warning("the shadow %s is too slow: some requests are not copied to it", copy.server.variant)

    def _start(self) -> None:
        with self._lock:
            if self._started:
                return
            self._started = True
        for number in range(THREADS):
            threading.Thread(target=self._serve, name=f"sagemaker-shadow-{number + 1}", daemon=True).start()

    def _serve(self) -> None:
        while True:
            copy = self._waiting.get()
            try:
                self._invoke(copy)
            except Exception:
                logger.exception("a copy for the shadow %s failed inside local_aws", copy.server.variant)

    def _invoke(self, copy: Copy) -> None:
        invocation, variant = copy.invocation, copy.server.variant
        began = time.perf_counter()
        status = 0
        try:
            answer = forward(copy.server, invocation.request.body, copy.headers, copy.limit_seconds)
            status = answer.status
        except (OSError, http.client.HTTPException) as error:
            logger.info("the shadow %s gave no answer (%s)", variant, type(error).__name__)
            return
        finally:
            seconds = time.perf_counter() - began
            self._metrics.count(invocation.endpoint, variant, copy.server.instances, status, seconds, 0.0)
        if 200 <= status < 300:
            response = Payload(answer.content_type, answer.body)
            answered = replace(invocation, variant=variant, response=response, role=copy.server.role, shadow=True)
            self._capture.record(answered, copy.capture)
