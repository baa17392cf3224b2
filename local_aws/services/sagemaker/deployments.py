"""Bringing a deployment into service behind an endpoint, in the background: blue/green, restarts, retirement.

The statuses are those of https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html. A
failed update leaves the old servers in service; the endpoint is InService again and FailureReason says why.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable
from typing import cast

from local_aws.api import Context
from local_aws.services import job_process
from local_aws.services.sagemaker import watching
from local_aws.services.sagemaker.descriptions import describe_capture, describe_variants
from local_aws.services.sagemaker.hosting_shapes import Deployment
from local_aws.services.sagemaker.records import DEPLOYMENT, ENDPOINT, PENDING_DEPLOYMENT, change
from local_aws.services.sagemaker.routing import Fleet
from local_aws.services.sagemaker.runtime import Runtime, runtime
from local_aws.services.sagemaker.serving import ModelServer, ServingError, bring_up, endpoint_root

logger = logging.getLogger(__name__)

DRAIN_MARGIN_SECONDS = 5.0
CLOSE_LIMIT_SECONDS = 20.0


def create(context: Context, endpoint: str) -> None:
    """Serve the pending deployment of a new endpoint."""
    _in_background(context, f"create-{endpoint}", lambda running: _deploy(context, running, endpoint, new=True))


def update(context: Context, endpoint: str) -> None:
    """Replace what is served by the pending deployment."""
    _in_background(context, f"update-{endpoint}", lambda running: _deploy(context, running, endpoint, new=False))


def restore(context: Context, endpoint: str, *, then_update: bool) -> None:
    """Serve again what was in service when the server ended, then go on with an update that was under way."""

    def work(running: Runtime) -> None:
        _restore(context, running, endpoint, report=not then_update)
        if then_update:
            _deploy(context, running, endpoint, new=False)

    _in_background(context, f"restore-{endpoint}", work)


def busy(context: Context, endpoint: str) -> bool:
    """Whether something is being done for the endpoint in the background."""
    return any(thread.name.endswith(f"-{endpoint}") for thread in runtime(context).deployments if thread.is_alive())


def remove(context: Context, endpoint: str, done: Callable[[], None]) -> None:
    """Take the endpoint out of service and call ``done`` when its servers have ended."""

    def take_out(running: Runtime) -> None:
        with running.turn(endpoint):
            fleet = running.router.remove(endpoint)
            if fleet is not None:
                _retire(context, running, endpoint, fleet)
        shutil.rmtree(endpoint_root(context, endpoint), ignore_errors=True)
        done()

    _in_background(context, f"delete-{endpoint}", take_out)


def close(running: Runtime) -> None:
    """End every server at the same time, after the requests in flight, with a limit."""
    for thread in running.deployments:
        thread.join(CLOSE_LIMIT_SECONDS)
    threads = []
    for fleet in running.router.clear():
        fleet.retired.set()
        fleet.drain(DRAIN_MARGIN_SECONDS)
        threads += [threading.Thread(target=_stop, args=(server,)) for server in fleet.servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(CLOSE_LIMIT_SECONDS)


def _stop(server: ModelServer) -> None:
    server.stop(job_process.SHUTDOWN_GRACE_SECONDS)


def _in_background(context: Context, name: str, work: Callable[[Runtime], None]) -> None:
    running = runtime(context)

    def guarded() -> None:
        try:
            work(running)
        except Exception:
            logger.exception("%s ended in an error of local_aws itself", name)

    running.deployments = [thread for thread in running.deployments if thread.is_alive()]
    thread = threading.Thread(target=guarded, name=f"sagemaker-{name}", daemon=True)
    running.deployments.append(thread)
    thread.start()


def _deploy(context: Context, running: Runtime, endpoint: str, *, new: bool) -> None:
    with running.turn(endpoint):
        deployment = cast(Deployment, context.store.get(PENDING_DEPLOYMENT, endpoint))
        try:
            fleet = _launch(context, running, endpoint, deployment)
        except ServingError as error:
            if not running.closing.is_set():
                _record_failure(context, running, endpoint, str(error), new=new)
            return
        old = running.router.switch(endpoint, fleet)
        _record_success(context, endpoint, deployment)
    if old is not None:
        _retire(context, running, endpoint, old)


def _record_success(context: Context, endpoint: str, deployment: Deployment) -> None:
    with context.store.transaction():
        context.store.put(DEPLOYMENT, endpoint, deployment)
        context.store.delete(PENDING_DEPLOYMENT, endpoint)
        change(
            context,
            ENDPOINT,
            endpoint,
            EndpointStatus="InService",
            EndpointConfigName=deployment["EndpointConfigName"],
            FailureReason=None,
            ProductionVariants=describe_variants(deployment),
            DataCaptureConfig=describe_capture(deployment),
        )


def _record_failure(context: Context, running: Runtime, endpoint: str, reason: str, *, new: bool) -> None:
    served = not new and running.router.fleet(endpoint) is not None
    with context.store.transaction():
        context.store.delete(PENDING_DEPLOYMENT, endpoint)
        status = "InService" if served else "Failed"
        change(context, ENDPOINT, endpoint, EndpointStatus=status, FailureReason=reason)


def _restore(context: Context, running: Runtime, endpoint: str, *, report: bool) -> None:
    with running.turn(endpoint):
        deployment = cast(Deployment, context.store.get(DEPLOYMENT, endpoint))
        try:
            fleet = _launch(context, running, endpoint, deployment)
        except ServingError as error:
            if report and not running.closing.is_set():
                # An update may have been asked for meanwhile; then it has the last word.
                with context.store.transaction():
                    if context.store.get(PENDING_DEPLOYMENT, endpoint) is None:
                        change(context, ENDPOINT, endpoint, EndpointStatus="Failed", FailureReason=str(error))
            return
        running.router.switch(endpoint, fleet)


def _launch(context: Context, running: Runtime, endpoint: str, deployment: Deployment) -> Fleet:
    """All servers of a deployment, answering /ping, or none. Raises ``ServingError``."""
    servers: list[ModelServer] = []
    try:
        for variant in deployment["Variants"]:
            servers.append(bring_up(context, endpoint, deployment["Generation"], variant, running.closing))
        if running.closing.is_set():
            raise ServingError("The server is stopping.")
    except ServingError:
        for server in servers:
            server.stop(job_process.SHUTDOWN_GRACE_SECONDS)
        raise
    fleet = Fleet(deployment["Generation"], servers, deployment["DataCaptureConfig"])
    for server, variant in zip(servers, deployment["Variants"], strict=True):
        watching.watch(context, running, endpoint, fleet, server, variant["PingLimitSeconds"])
    return fleet


def _retire(context: Context, running: Runtime, endpoint: str, fleet: Fleet) -> None:
    """Let the requests in flight finish, then end the servers."""
    settings = running.settings
    fleet.retired.set()
    if not fleet.drain(settings.invocation_limit_seconds + DRAIN_MARGIN_SECONDS):
        logger.warning("%s: requests were still in flight when the old servers were ended", endpoint)
    for server in fleet.servers:
        server.stop(settings.server_grace_seconds)
    shutil.rmtree(endpoint_root(context, endpoint) / fleet.generation, ignore_errors=True)
