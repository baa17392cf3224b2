"""What lives only as long as the server: the job queue, the model servers, the capture writer, and their limits.

Nothing here is state: all of it is made again from the store when the server starts.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from pathlib import Path

from local_aws.api import Context
from local_aws.services.sagemaker.capture import CaptureWriter
from local_aws.services.sagemaker.invocation_metrics import InvocationMetrics
from local_aws.services.sagemaker.jobs import JobQueue
from local_aws.services.sagemaker.routing import Router
from local_aws.services.sagemaker.shadowing import ShadowTraffic
from local_aws.settings import JobSettings


class Runtime:
    def __init__(self, context: Context, settings: JobSettings) -> None:
        self.settings = settings
        self.jobs = JobQueue(settings.job_slots)
        self.router = Router()
        self.capture = CaptureWriter(context)
        self.metrics = InvocationMetrics(context, settings.metric_seconds)
        self.shadows = ShadowTraffic(self.capture, self.metrics)
        self.closing = threading.Event()
        self.deployments: list[threading.Thread] = []
        self._turns: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._guard = threading.Lock()

    def turn(self, endpoint: str) -> threading.Lock:
        """Held by whoever changes what serves an endpoint, so that changes come one after the other."""
        with self._guard:
            return self._turns[endpoint]


_runtimes: dict[Path, Runtime] = {}
_lock = threading.Lock()


def runtime(context: Context) -> Runtime:
    """The runtime of this server, made at first use."""
    with _lock:
        if context.state_dir not in _runtimes:
            _runtimes[context.state_dir] = Runtime(context, JobSettings.from_environment())
        return _runtimes[context.state_dir]


def renew(context: Context) -> Runtime:
    """The runtime after a start of the server: one that was closed before is replaced."""
    with _lock:
        if (old := _runtimes.get(context.state_dir)) is not None and old.closing.is_set():
            del _runtimes[context.state_dir]
    return runtime(context)
