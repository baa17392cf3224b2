"""One model server: its folder, its process, its health check, its end.

The container's part: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

from __future__ import annotations

import http.client
import shutil
import socket
import threading
import time
from pathlib import Path

from local_aws.api import ApiError, Context
from local_aws.identity.acting import acting_as
from local_aws.processes import Process, ProcessStartError
from local_aws.services import job_process
from local_aws.services.job_process import Job
from local_aws.services.s3_transfer import TransferError, download_file, download_prefix
from local_aws.services.sagemaker import opt_ml
from local_aws.services.sagemaker.archives import ArchiveError, unpack
from local_aws.services.sagemaker.deployment_shapes import DeployedVariant
from local_aws.services.sagemaker.hosting_shapes import ContainerDefinition
from local_aws.services.sagemaker.images import command, find_image

HOST = "127.0.0.1"
PING_SECONDS = 2.0  # SageMaker allows a /ping two seconds
FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.5


class ServingError(Exception):
    """A model server did not come into service; the message becomes the endpoint's FailureReason."""


def bring_up(
    context: Context, endpoint: str, generation: str, variant: DeployedVariant, cancelled: threading.Event
) -> ModelServer:
    """Unpack the model, start its server and await /ping. Raises ``ServingError``; leaves no process behind then."""
    arn = context.arn("sagemaker", f"endpoint/{endpoint}")
    context = acting_as(context, variant.get("Role"), "SageMaker", arn)
    root = endpoint_root(context, endpoint) / generation / variant["VariantName"]
    try:
        _prepare(context, variant, root)
        server = ModelServer(context, endpoint, generation, variant, root)
        server.start()
    except (ArchiveError, ProcessStartError, ApiError, OSError) as error:
        raise ServingError(str(error)) from error
    try:
        server.await_ping(variant["PingLimitSeconds"], cancelled)
    except ServingError:
        server.stop(job_process.SHUTDOWN_GRACE_SECONDS)
        raise
    return server


def endpoints_root(context: Context) -> Path:
    """Holds what every endpoint has unpacked, and nothing else."""
    return context.state_dir / "endpoints"


def endpoint_root(context: Context, endpoint: str) -> Path:
    """Holds a folder for each deployment, and in it one for each variant."""
    return endpoints_root(context) / endpoint


class ModelServer:
    """The process that serves one variant of one deployment."""

    def __init__(self, context: Context, endpoint: str, generation: str, variant: DeployedVariant, root: Path) -> None:
        self.variant = variant["VariantName"]
        self.weight = variant["Weight"]
        self.instances = variant["InstanceCount"]
        self.role = variant.get("Role")
        self.port = 0
        self._context = context
        self._definition = variant["Container"]
        self._isolated = variant["Isolated"]
        self._name = f"endpoint/{endpoint}/{generation}/{self.variant}"
        self._log = opt_ml.log_file(context, f"Endpoints/{endpoint}", self.variant)
        self._root = root
        self._process: Process | None = None
        self._lock = threading.Lock()
        self._stopping = False

    def start(self) -> None:
        """Start the process on a free port. Raises ``ProcessStartError`` and ``ApiError`` (unknown image)."""
        image = find_image(self._context, self._definition["Image"])
        port = _free_port()
        process = Job(
            name=self._name,
            argv=command(image, ["serve"], None, None),
            workdir=image.workdir,
            environment={**self._definition.get("Environment", {}), "SAGEMAKER_BIND_TO_PORT": str(port)},
            root=self._root,
            log=self._log,
            isolated=self._isolated,
        )
        with self._lock:
            if self._stopping:
                raise ProcessStartError(f"{self._name} is being stopped")
            self._process = job_process.start(self._context, process)
            self.port = port

    def await_ping(self, limit_seconds: float, cancelled: threading.Event) -> None:
        """Raises ``ServingError`` when the process ends, the limit passes or the wait is cancelled."""
        deadline, pause = time.monotonic() + limit_seconds, FIRST_PAUSE_SECONDS
        while True:
            if (code := self.exit_code()) is not None:
                raise ServingError(f"{self._unhealthy()} The server ended with exit code {code}. {self._last_line()}")
            if self._ping():
                return
            if time.monotonic() > deadline:
                raise ServingError(f"{self._unhealthy()} No answer within {limit_seconds:g} s. {self._last_line()}")
            if cancelled.wait(pause):
                raise ServingError(f"{self._unhealthy()} The wait for it was given up.")
            pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)

    def exit_code(self) -> int | None:
        """None while the process runs."""
        process = self._process
        return 0 if process is None else process.poll()

    def wait(self, seconds: float) -> bool:
        """Whether the process ended within ``seconds``."""
        process = self._process
        try:
            if process is not None:
                process.wait(seconds)
        except TimeoutError:
            return False
        return True

    def stop(self, grace_seconds: float) -> None:
        """SIGTERM, the grace, SIGKILL; the folder goes too. For good: the server cannot be started again."""
        with self._lock:
            self._stopping = True
        self.end_process(grace_seconds)
        shutil.rmtree(self._root, ignore_errors=True)

    def end_process(self, grace_seconds: float) -> None:
        if (process := self._process) is not None:
            process.terminate(grace_seconds)

    def _ping(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=PING_SECONDS)
        try:
            connection.request("GET", "/ping")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _unhealthy(self) -> str:
        return (
            f"The primary container for production variant {self.variant} did not pass the ping health check. "
            f"Please check the logs of this endpoint ({self._log})."
        )

    def _last_line(self) -> str:
        try:
            lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        except OSError:
            return ""
        return f"Its last line: {lines[-1][:200]}" if lines else ""


def _prepare(context: Context, variant: DeployedVariant, root: Path) -> None:
    """An empty root whose ``model`` folder holds the artefact."""
    if root.exists():
        shutil.rmtree(root)
    folder = root / "model"
    folder.mkdir(parents=True)
    container = variant["Container"]
    try:
        _fetch(context, container, root, folder)
    except TransferError as error:
        raise ServingError(
            f"Failed to download model data for container of variant {variant['VariantName']}: {error}. Please ensure "
            "that there is an object located at the URL."
        ) from error


def _fetch(context: Context, container: ContainerDefinition, root: Path, folder: Path) -> None:
    source = container.get("ModelDataSource", {}).get("S3DataSource")
    if source is not None and source["S3DataType"] == "S3Prefix":
        if download_prefix(context, source["S3Uri"], folder) == 0:
            raise TransferError(f"no objects under {source['S3Uri']}")
        return
    uri = source["S3Uri"] if source is not None else container.get("ModelDataUrl")
    if uri is not None:
        archive = download_file(context, uri, root / "model.tar.gz")
        unpack(archive, folder)
        archive.unlink()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
