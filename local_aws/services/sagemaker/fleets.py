"""Bringing up all servers of a deployment, and ending them again."""

from __future__ import annotations

import logging
import shutil
import threading

from local_aws.api import Context
from local_aws.services import job_process
from local_aws.services.sagemaker import watching
from local_aws.services.sagemaker.deployment_shapes import Deployment
from local_aws.services.sagemaker.routing import Fleet
from local_aws.services.sagemaker.runtime import Runtime
from local_aws.services.sagemaker.serving import ModelServer, ServingError, bring_up, endpoint_root

logger = logging.getLogger(__name__)

DRAIN_MARGIN_SECONDS = 5.0
CLOSE_LIMIT_SECONDS = 20.0


def launch(context: Context, running: Runtime, endpoint: str, deployment: Deployment) -> Fleet:
    """All servers of a deployment, answering /ping, or none. Raises ``ServingError``."""
    variants, shadows = deployment["Variants"], deployment.get("Shadows", [])
    servers: list[ModelServer] = []
    try:
        for variant in [*variants, *shadows]:
            servers.append(bring_up(context, endpoint, deployment["Generation"], variant, running.closing))
        if running.closing.is_set():
            raise ServingError("The server is stopping.")
    except ServingError:
        for server in servers:
            server.stop(job_process.SHUTDOWN_GRACE_SECONDS)
        raise
    count = len(variants)
    fleet = Fleet(deployment["Generation"], servers[:count], deployment["DataCaptureConfig"], servers[count:])
    for server, variant in zip(servers, [*variants, *shadows], strict=True):
        watching.watch(context, running, endpoint, fleet, server, variant["PingLimitSeconds"])
    return fleet


def retire(context: Context, running: Runtime, endpoint: str, fleet: Fleet) -> None:
    """Let the requests in flight finish, then end the servers."""
    settings = running.settings
    fleet.retired.set()
    if not fleet.drain(settings.invocation_limit_seconds + DRAIN_MARGIN_SECONDS):
        logger.warning("%s: requests were still in flight when the old servers were ended", endpoint)
    for server in [*fleet.servers, *fleet.shadows]:
        server.stop(settings.server_grace_seconds)
    shutil.rmtree(endpoint_root(context, endpoint) / fleet.generation, ignore_errors=True)


def close(fleets: list[Fleet]) -> None:
    """End every server at the same time, after the requests in flight, with a limit."""
    threads = []
    for fleet in fleets:
        fleet.retired.set()
        fleet.drain(DRAIN_MARGIN_SECONDS)
        threads += [threading.Thread(target=_stop, args=(server,)) for server in [*fleet.servers, *fleet.shadows]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(CLOSE_LIMIT_SECONDS)


def _stop(server: ModelServer) -> None:
    server.stop(job_process.SHUTDOWN_GRACE_SECONDS)
