"""An endpoint on a local_aws of its own, changed with the very calls of update-endpoint's states."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

from jsonata import Jsonata
from local_server import LocalServer, eventually
from promotion_world import CHAMPION, RELEASE
from state_machine_text import StateMachine, expression, is_expression

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/fake:1.0"
ROLE = "arn:aws:iam::123456789012:role/sagemaker"
NAME, BUCKET = "triage", "models"
PROGRAM = Path(__file__).resolve().parents[1] / "local_aws/services/sagemaker/fake_container.py"
#: Two seconds of a deployment's waits take one tenth; metrics arrive at once.
QUICK = {
    "LOCAL_AWS_DEPLOYMENT_SECOND_SECONDS": "0.1",
    "LOCAL_AWS_METRIC_SECONDS": "0.2",
    "LOCAL_AWS_INVOCATION_LIMIT_SECONDS": "20",
    "LOCAL_AWS_SERVER_GRACE_SECONDS": "20",
}


def image_file(folder: Path) -> Path:
    file = folder / "image.toml"
    file.write_text(f'[image]\nname = "fake"\nworkdir = "."\nentrypoint = ["python", "{PROGRAM}"]\n')
    return file


class RolledOutEndpoint:
    def __init__(self, server: LocalServer, pace: dict[str, int]) -> None:
        self.server, self.api = server, server.client("sagemaker")
        self._machine = StateMachine("update-endpoint")
        self._release = {**RELEASE, "pace": pace, "capture_uri": f"s3://{BUCKET}/captured", "champion": dict(CHAMPION)}
        self._release.pop("data_key")
        server.client("s3").create_bucket(Bucket=BUCKET)
        for name, metric, statistic, threshold in (
            ("ChallengerErrors", "Invocation5XXErrors", "Average", 0.01),
            ("ChallengerLatency", "ModelLatency", "Average", 250_000),
        ):
            server.client("cloudwatch").put_metric_alarm(
                AlarmName=name, Namespace="AWS/SageMaker", MetricName=metric, Statistic=statistic, Period=10,
                EvaluationPeriods=1, Threshold=threshold, ComparisonOperator="GreaterThanThreshold",
                TreatMissingData="notBreaching",
                Dimensions=[{"Name": "EndpointName", "Value": NAME}, {"Name": "VariantName", "Value": "champion"}],
            )  # fmt: skip

    def model(self, name: str, **behaviour: object) -> str:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as tar:
            content = json.dumps({"version": name, **behaviour}).encode()
            entry = tarfile.TarInfo("model.json")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
        key = f"artefacts/{name}/model.tar.gz"
        self.server.client("s3").put_object(Bucket=BUCKET, Key=key, Body=packed.getvalue())
        container = {"Image": IMAGE, "ModelDataUrl": f"s3://{BUCKET}/{key}"}
        self.api.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
        return name

    def create(self, model: str) -> None:
        self._config("CreateEndpointConfig", f"{model}-1", model)
        self.api.create_endpoint(EndpointName=NAME, EndpointConfigName=f"{model}-1")
        assert self.settled()["EndpointStatus"] == "InService"

    def shadow(self, champion: str, challenger: str) -> dict[str, Any]:
        self._release["champion"]["model_name"] = champion
        self._config("CreateShadowConfig", f"{challenger}-shadow", challenger)
        self.api.update_endpoint(EndpointName=NAME, EndpointConfigName=f"{challenger}-shadow")
        return self.settled()

    def update(self, model: str, kind: str = "promotion", bake_seconds: int = 20) -> dict[str, Any]:
        """With the deployment configuration of a promotion or of a roll-back."""
        self._release |= {"kind": kind, "pace": {**self._release["pace"], "bake_seconds": bake_seconds}}
        config = self._config("CreateEndpointConfig", f"{model}-{kind}", model)
        deployment = self._filled(self._machine.states["UpdateEndpoint"]["Arguments"]["DeploymentConfig"], model)
        self.api.update_endpoint(EndpointName=NAME, EndpointConfigName=config, DeploymentConfig=deployment)
        return self.settled()

    def restore(self, config: str) -> dict[str, Any]:
        """As RestoreConfig does."""
        self.api.update_endpoint(EndpointName=NAME, EndpointConfigName=config)
        return self.settled()

    def settled(self, within: float = 60.0) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            endpoint = dict(self.api.describe_endpoint(EndpointName=NAME))
            busy = ("Creating", "Updating", "RollingBack")
            return None if endpoint["EndpointStatus"] in busy else endpoint

        return eventually(look, within=within)

    def _config(self, state: str, name: str, model: str) -> str:
        arguments = {**self._machine.states[state]["Arguments"], "EndpointConfigName": name}
        arguments.pop("KmsKeyId")
        capture = {key: value for key, value in arguments["DataCaptureConfig"].items() if key != "KmsKeyId"}
        self.api.create_endpoint_config(**self._filled({**arguments, "DataCaptureConfig": capture}, model))
        return name

    def _filled(self, value: Any, model: str) -> Any:
        """The state's arguments with this endpoint's values in them."""
        if isinstance(value, dict):
            return {key: self._filled(item, model) for key, item in value.items()}
        if isinstance(value, list):
            return [self._filled(item, model) for item in value]
        if not is_expression(value):
            return value
        compiled = Jsonata(expression(value).replace("${", "").replace("AlarmName}", ""))
        compiled.assign("release", self._release)
        compiled.assign("model_name", model)
        return json.loads(json.dumps(compiled.evaluate({})))
