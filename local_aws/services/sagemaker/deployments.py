"""Bringing a deployment into service behind an endpoint, in the background: blue/green, restarts, retirement.

The statuses are those of https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html. A
failed update leaves the old servers in service; the endpoint is InService again and FailureReason says why.

Until a deployment is complete the old one is what the store says is in service. A server that was killed therefore
serves the old one again first and then begins the deployment anew, or ends the roll-back that it had begun.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable
from typing import cast

from local_aws.api import Context
from local_aws.services.sagemaker import fleets
from local_aws.services.sagemaker.announcements import change_endpoint
from local_aws.services.sagemaker.deployment_shapes import Deployment, PendingDeployment
from local_aws.services.sagemaker.descriptions import describe_capture, describe_shadows, describe_variants
from local_aws.services.sagemaker.records import DEPLOYMENT, PENDING_DEPLOYMENT
from local_aws.services.sagemaker.rollout import RollBackError, ServerStopsError, roll_out
from local_aws.services.sagemaker.routing import Fleet
from local_aws.services.sagemaker.runtime import Runtime, runtime
from local_aws.services.sagemaker.serving import ServingError, endpoint_root

logger = logging.getLogger(__name__)


def create(context: Context, endpoint: str) -> None:
    """Serve the pending deployment of a new endpoint."""
    _in_background(context, f"create-{endpoint}", lambda running: _create(context, running, endpoint))


def update(context: Context, endpoint: str) -> None:
    """Replace what is served by the pending deployment."""
    _in_background(context, f"update-{endpoint}", lambda running: _update(context, running, endpoint))


def restore(context: Context, endpoint: str) -> None:
    """Serve again what was in service when the server ended, then go on with an update that was under way."""

    def work(running: Runtime) -> None:
        then_update = context.store.get(PENDING_DEPLOYMENT, endpoint) is not None
        _restore(context, running, endpoint, report=not then_update)
        if then_update:
            _update(context, running, endpoint)

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
                fleets.retire(context, running, endpoint, fleet)
        shutil.rmtree(endpoint_root(context, endpoint), ignore_errors=True)
        done()

    _in_background(context, f"delete-{endpoint}", take_out)


def close(running: Runtime) -> None:
    """End what is under way, then every server, after the requests in flight, with a limit."""
    for thread in running.deployments:
        thread.join(fleets.CLOSE_LIMIT_SECONDS)
    fleets.close(running.router.clear())


def _in_background(context: Context, name: str, work: Callable[[Runtime], None]) -> None:
    running = runtime(context)

    def guarded() -> None:
        try:
            work(running)
        except ServerStopsError:
            logger.info("%s was interrupted and begins again after the next start", name)
        except Exception:
            logger.exception("%s ended in an error of local_aws itself", name)

    running.deployments = [thread for thread in running.deployments if thread.is_alive()]
    thread = threading.Thread(target=guarded, name=f"sagemaker-{name}", daemon=True)
    running.deployments.append(thread)
    thread.start()


def _pending(context: Context, endpoint: str) -> PendingDeployment:
    return cast(PendingDeployment, context.store.get(PENDING_DEPLOYMENT, endpoint))


def _create(context: Context, running: Runtime, endpoint: str) -> None:
    with running.turn(endpoint):
        pending = _pending(context, endpoint)
        try:
            fleet = fleets.launch(context, running, endpoint, pending)
        except ServingError as error:
            if not running.closing.is_set():
                _close_pending(context, endpoint, "Failed", str(error))
            return
        running.router.switch(endpoint, fleet)
        _record_success(context, endpoint, pending)


def _update(context: Context, running: Runtime, endpoint: str) -> None:
    with running.turn(endpoint):
        pending, began = _pending(context, endpoint), time.monotonic()
        fleet: Fleet | None = None
        old: Fleet | None = None
        try:
            if reason := pending.get("RollBack"):
                raise RollBackError(reason)
            fleet = fleets.launch(context, running, endpoint, pending)
            roll_out(context, running, endpoint, pending, fleet, began=began)
            with context.store.transaction():
                if fleet.retired.is_set():
                    raise RollBackError(f"The new fleet failed: {fleet.failure}")
                _record_success(context, endpoint, pending)
                old = running.router.switch(endpoint, fleet)
        except ServingError as error:
            if not running.closing.is_set():
                _close_pending(context, endpoint, _status_without_update(running, endpoint), str(error))
        except RollBackError as error:
            _roll_back(context, running, endpoint, fleet, str(error))
    if old is not None:
        fleets.retire(context, running, endpoint, old)


def _roll_back(context: Context, running: Runtime, endpoint: str, fleet: Fleet | None, reason: str) -> None:
    """All traffic goes to the old fleet at once; the new one ends when it has answered what it had begun."""
    logger.warning("%s: the deployment is rolled back: %s", endpoint, reason)
    if fleet is not None:
        running.router.withdraw(endpoint, fleet)
    with context.store.transaction():
        context.store.put(PENDING_DEPLOYMENT, endpoint, {**_pending(context, endpoint), "RollBack": reason})
        change_endpoint(context, endpoint, EndpointStatus="RollingBack", FailureReason=reason)
    if fleet is not None:
        fleets.retire(context, running, endpoint, fleet)
    if not running.closing.is_set():
        served = running.router.fleet(endpoint) is not None
        _close_pending(context, endpoint, "InService" if served else "UpdateRollbackFailed", reason)


def _status_without_update(running: Runtime, endpoint: str) -> str:
    return "InService" if running.router.fleet(endpoint) is not None else "Failed"


def _record_success(context: Context, endpoint: str, pending: PendingDeployment) -> None:
    # What describes the way there ends with it.
    deployment = {key: value for key, value in pending.items() if key not in ("StartTime", "Config", "RollBack")}
    with context.store.transaction():
        context.store.put(DEPLOYMENT, endpoint, deployment)
        context.store.delete(PENDING_DEPLOYMENT, endpoint)
        change_endpoint(
            context,
            endpoint,
            EndpointStatus="InService",
            EndpointConfigName=pending["EndpointConfigName"],
            FailureReason=None,
            PendingDeploymentSummary=None,
            ProductionVariants=describe_variants(pending["Variants"]),
            ShadowProductionVariants=describe_shadows(pending),
            DataCaptureConfig=describe_capture(pending),
        )


def _close_pending(context: Context, endpoint: str, status: str, reason: str) -> None:
    """End a deployment that did not come about."""
    with context.store.transaction():
        context.store.delete(PENDING_DEPLOYMENT, endpoint)
        change_endpoint(
            context, endpoint, EndpointStatus=status, FailureReason=reason[:1024], PendingDeploymentSummary=None
        )


def _restore(context: Context, running: Runtime, endpoint: str, *, report: bool) -> None:
    with running.turn(endpoint):
        deployment = cast(Deployment, context.store.get(DEPLOYMENT, endpoint))
        try:
            fleet = fleets.launch(context, running, endpoint, deployment)
        except ServingError as error:
            if report and not running.closing.is_set():
                # An update may have been asked for meanwhile; then it has the last word.
                with context.store.transaction():
                    if context.store.get(PENDING_DEPLOYMENT, endpoint) is None:
                        change_endpoint(context, endpoint, EndpointStatus="Failed", FailureReason=str(error))
            return
        with context.store.transaction():
            # Weights may have been changed while the servers came up.
            current = cast(Deployment, context.store.get(DEPLOYMENT, endpoint))
            fleet.reweigh({variant["VariantName"]: variant["Weight"] for variant in current["Variants"]})
            running.router.switch(endpoint, fleet)
