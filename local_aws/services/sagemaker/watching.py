"""A model server that dies is started again, a few times; then its fleet is given up and the endpoint says so."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque

from local_aws.api import ApiError, Context
from local_aws.processes import ProcessStartError
from local_aws.services import job_process
from local_aws.services.sagemaker.announcements import change_endpoint
from local_aws.services.sagemaker.records import PENDING_DEPLOYMENT
from local_aws.services.sagemaker.routing import Fleet
from local_aws.services.sagemaker.runtime import Runtime
from local_aws.services.sagemaker.serving import ModelServer, ServingError

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
WINDOW_SECONDS = 600.0


def watch(
    context: Context, running: Runtime, endpoint: str, fleet: Fleet, server: ModelServer, ping_limit_seconds: float
) -> None:
    """Watch one server in a thread of its own until its fleet is retired."""

    def over() -> bool:
        return fleet.retired.is_set() or running.closing.is_set()

    def loop() -> None:
        deaths: deque[float] = deque()
        while not over():
            if not server.wait(LOOK_SECONDS) or over():
                continue
            code = server.exit_code()
            moment = time.monotonic()
            deaths.append(moment)
            while deaths[0] < moment - WINDOW_SECONDS:
                deaths.popleft()
            if len(deaths) > running.settings.server_restarts:
                if server in fleet.shadows:
                    logger.error("%s: the shadow %s is given up; callers do not notice", endpoint, server.variant)
                else:
                    _give_up(context, running, endpoint, fleet, server, code)
                return
            logger.warning("%s: the server of %s ended with %s and is started again", endpoint, server.variant, code)
            _revive(server, ping_limit_seconds, running.closing)

    threading.Thread(target=loop, name=f"sagemaker-watch-{endpoint}-{server.variant}", daemon=True).start()


def _revive(server: ModelServer, ping_limit_seconds: float, cancelled: threading.Event) -> None:
    """A server that does not come up is ended; the watch then counts that as its next death."""
    try:
        server.start()
        server.await_ping(ping_limit_seconds, cancelled)
    except (ProcessStartError, ApiError) as error:
        logger.warning("the server of %s could not be started: %s", server.variant, error)
    except ServingError:
        server.end_process(job_process.SHUTDOWN_GRACE_SECONDS)


def _give_up(
    context: Context, running: Runtime, endpoint: str, fleet: Fleet, server: ModelServer, code: int | None
) -> None:
    """Take the whole fleet out of service. A deployment under way decides itself what becomes of the endpoint."""
    fleet.failure = (
        f"The server of production variant {server.variant} ended {running.settings.server_restarts + 1} times in "
        f"ten minutes (exit code {code}). See the endpoint's log."
    )
    fleet.retired.set()
    with context.store.transaction():
        was_serving = running.router.withdraw(endpoint, fleet)
        if was_serving and context.store.get(PENDING_DEPLOYMENT, endpoint) is None:
            change_endpoint(context, endpoint, EndpointStatus="Failed", FailureReason=fleet.failure)
    for one in [*fleet.servers, *fleet.shadows]:
        one.stop(job_process.SHUTDOWN_GRACE_SECONDS)
