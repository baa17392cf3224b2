"""A server that knows the image ``fake``, and what the tests of jobs and endpoints need around it."""

from __future__ import annotations

import io
import itertools
import json
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from local_server import LocalServer, eventually

from local_aws.api import Context, Image
from local_aws.processes import Supervisor
from local_aws.store import Store

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/fake:1.0"
ROLE = "arn:aws:iam::123456789012:role/sagemaker"
PROGRAM = Path(__file__).with_name("fake_container.py")
BUCKET = "jobs"
SHORT_LIMITS = {
    "LOCAL_AWS_STOP_GRACE_SECONDS": "2",
    "LOCAL_AWS_SERVER_GRACE_SECONDS": "5",
    "LOCAL_AWS_PING_LIMIT_SECONDS": "10",
    "LOCAL_AWS_INVOCATION_LIMIT_SECONDS": "3",
    "LOCAL_AWS_SERVER_RESTARTS": "1",
    "LOCAL_AWS_DEPLOYMENT_SECOND_SECONDS": "0.1",
    "LOCAL_AWS_METRIC_SECONDS": "0.2",
    "LOCAL_AWS_LOG_MEGABYTES": "1",
}
numbers = itertools.count(1)


@pytest.fixture(scope="session")
def image_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("image")
    file = folder / "image.toml"
    file.write_text(f'[image]\nname = "fake"\nworkdir = "."\nentrypoint = ["python", "{PROGRAM}"]\n')
    return file


@contextmanager
def servers(factory: pytest.TempPathFactory, image_file: Path) -> Iterator[Callable[..., LocalServer]]:
    """Starts servers with short limits; all of them are stopped at the end."""
    started: list[LocalServer] = []

    def start(*options: str, **variables: str) -> LocalServer:
        limits = {**SHORT_LIMITS, **variables}
        server = LocalServer(factory.mktemp("state"), images=[image_file], variables=limits, options=options)
        started.append(server)
        server.start()
        server.client("s3").create_bucket(Bucket=BUCKET)
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def start_server(tmp_path_factory: pytest.TempPathFactory, image_file: Path) -> Iterator[Callable[..., LocalServer]]:
    """For tests that end their server, or need one job slot."""
    with servers(tmp_path_factory, image_file) as start:
        yield start


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, image_file: Path) -> Iterator[LocalServer]:
    """The server that every test shares which does not end it. Two jobs run at once, so that tests wait less."""
    with servers(tmp_path_factory, image_file) as start:
        yield start(LOCAL_AWS_JOB_SLOTS="2")


@pytest.fixture
def name() -> str:
    """A name that no other test has used."""
    return f"test-{next(numbers)}"


def training_request(name: str, **hyperparameters: str) -> dict[str, Any]:
    return {
        "TrainingJobName": name,
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "HyperParameters": hyperparameters,
        "RoleArn": ROLE,
        "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/models/"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    }


def channel(name: str, uri: str) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}}


class Jobs:
    """Training jobs of one server."""

    def __init__(self, server: LocalServer) -> None:
        self.api = server.client("sagemaker")
        self.s3 = server.client("s3")
        self.state_dir = server.state_dir

    def start(self, name: str, request: dict[str, Any] | None = None, **hyperparameters: str) -> str:
        request = {**training_request(name, **hyperparameters), **(request or {})}
        return str(self.api.create_training_job(**request)["TrainingJobArn"])

    def describe(self, name: str) -> dict[str, Any]:
        return dict(self.api.describe_training_job(TrainingJobName=name))

    def ended(self, name: str, within: float = 40.0) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            job = self.describe(name)
            return None if job["TrainingJobStatus"] in ("InProgress", "Stopping") else job

        return eventually(look, within=within)

    def reached(self, name: str, secondary: str) -> None:
        eventually(lambda: self.describe(name)["SecondaryStatus"] == secondary)

    def log(self, name: str) -> str:
        file = self.state_dir / "logs/sagemaker/TrainingJobs" / f"{name}.log"
        return file.read_text() if file.exists() else ""

    def waits(self, name: str, word: str = "waiting") -> None:
        """Return when the job has written ``word`` to its log."""
        eventually(lambda: word in self.log(name))

    def archive(self, name: str, archive: str = "model.tar.gz") -> dict[str, bytes]:
        """The files of an uploaded archive."""
        body = self.s3.get_object(Bucket=BUCKET, Key=f"models/{name}/output/{archive}")["Body"].read()
        with tarfile.open(fileobj=io.BytesIO(body)) as tar:
            return {one.name: tar.extractfile(one).read() for one in tar if one.isfile()}  # type: ignore[union-attr]

    def uploaded(self, name: str) -> list[str]:
        answer = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"models/{name}/")
        return [entry["Key"].rsplit("/", 1)[-1] for entry in answer.get("Contents", [])]


@pytest.fixture
def jobs(server: LocalServer) -> Jobs:
    return Jobs(server)


class Hosting:
    """Models and endpoints of one server."""

    def __init__(self, server: LocalServer) -> None:
        self.server = server
        self.api = server.client("sagemaker")
        self.s3 = server.client("s3")
        self.runtime = server.client("sagemaker-runtime")

    def model(self, name: str, environment: dict[str, str] | None = None, **behaviour: object) -> str:
        """A model whose artefact tells the server what to do."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as tar:
            content = json.dumps({"version": name, **behaviour}).encode()
            entry = tarfile.TarInfo("model.json")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
        self.s3.put_object(Bucket=BUCKET, Key=f"artefacts/{name}/model.tar.gz", Body=packed.getvalue())
        self.api.create_model(
            ModelName=name,
            ExecutionRoleArn=ROLE,
            PrimaryContainer={
                "Image": IMAGE,
                "ModelDataUrl": f"s3://{BUCKET}/artefacts/{name}/model.tar.gz",
                "Environment": environment or {},
            },
        )
        return name

    def config(self, name: str, capture: dict[str, Any] | None = None, **weights: float) -> str:
        """An endpoint configuration with a variant for each model, named as the model with underscores for dashes."""
        variants = [
            {
                "VariantName": model.replace("_", "-"),
                "ModelName": model.replace("_", "-"),
                "InitialInstanceCount": 1,
                "InstanceType": "ml.m5.large",
                "InitialVariantWeight": weight,
            }
            for model, weight in weights.items()
        ]
        more = {"DataCaptureConfig": capture} if capture else {}
        self.api.create_endpoint_config(EndpointConfigName=name, ProductionVariants=variants, **more)
        return name

    def serve(self, name: str, capture: dict[str, Any] | None = None, **behaviour: object) -> None:
        """Model, configuration and endpoint of one name; returns when the endpoint is in service."""
        self.model(name, **behaviour)  # type: ignore[arg-type]
        self.config(name, capture, **{name.replace("-", "_"): 1.0})
        self.api.create_endpoint(EndpointName=name, EndpointConfigName=name)
        assert self.settled(name)["EndpointStatus"] == "InService"

    def describe(self, name: str) -> dict[str, Any]:
        return dict(self.api.describe_endpoint(EndpointName=name))

    def settled(self, name: str, within: float = 40.0) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            endpoint = self.describe(name)
            busy = ("Creating", "Updating", "RollingBack", "Deleting")
            return None if endpoint["EndpointStatus"] in busy else endpoint

        return eventually(look, within=within)

    def invoke(self, name: str, body: bytes | dict[str, Any] = b"{}", **more: Any) -> dict[str, Any]:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = {"ContentType": "application/json", **more}
        answer = self.runtime.invoke_endpoint(EndpointName=name, Body=content, **request)
        return {**answer, "Body": json.loads(answer["Body"].read())}


@pytest.fixture
def hosting(server: LocalServer) -> Hosting:
    return Hosting(server)


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    """What operations share, without a server: calls to other services fail as they do when nothing listens."""

    def no_client(service: str) -> Any:
        raise EndpointConnectionError(endpoint_url=f"http://{service}")

    store = Store(tmp_path / "state.sqlite3")
    yield Context(
        endpoint="http://127.0.0.1:9",
        state_dir=tmp_path,
        store=store,
        supervisor=Supervisor(store, allow_mounts=False),
        client=no_client,
        images={"fake": Image("fake", tmp_path, ("python",))},
    )
    store.close()


@pytest.fixture(scope="session")
def tools() -> dict[str, Any]:
    """For tests with a server of their own: ``Jobs(server)``, ``Hosting(server)``, and the parts of a request."""
    return {"Jobs": Jobs, "Hosting": Hosting}


@pytest.fixture(scope="session")
def shared_endpoint(server: LocalServer) -> str:
    """An endpoint for tests that change nothing about it."""
    Hosting(server).serve("shared")
    return "shared"
