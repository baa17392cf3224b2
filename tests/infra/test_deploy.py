"""The deployer and the template against a running local_aws, by the command that people use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from local_server import LocalServer, aws_variables

from vigil.aws.environment import StackParameters, aws_client, load_parameters

pytestmark = pytest.mark.stack

IMAGE = f"localhost/vigil-ml@sha256:{'0a' * 32}"
VIGIL = str(Path(sys.executable).parent / "vigil")


@dataclass(frozen=True)
class Deployed:
    project: Path
    registry_url: str
    outputs: dict[str, str]
    parameters: StackParameters

    def vigil(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            [VIGIL, "stack", *arguments], cwd=self.project, capture_output=True, text=True, timeout=300, check=False
        )
        assert result.returncode == 0 or not check, result.stderr
        return result


@pytest.fixture(scope="module")
def deployed(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("deploy")
    registry_url = (folder / "registry.git").as_uri()
    with LocalServer(folder / "local_aws") as server, aws_variables(server.url):
        os.environ["VIGIL_STACK"] = "infra"
        aws_client.cache_clear()
        where = ["--registry-url", registry_url, "--image", IMAGE, "--allow-unknown-plan-author"]
        command = [VIGIL, "stack", "deploy", "--stack", "infra", *where, "--json"]
        result = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=300, check=False)
        assert result.returncode == 0, result.stderr
        yield Deployed(repository, registry_url, json.loads(result.stdout), load_parameters())
        aws_client.cache_clear()


def test_the_code_finds_every_name_it_needs(deployed: Deployed) -> None:
    assert deployed.parameters.timing.approval_timeout_seconds == 1209600
    assert deployed.parameters.state_machines.train_and_promote == deployed.outputs["TrainAndPromoteArn"]


def test_every_resource_of_the_template_is_there(deployed: Deployed, template: dict[str, Any]) -> None:
    listed = boto3.client("cloudformation").describe_stack_resources(StackName="vigil-infra")["StackResources"]
    assert {each["LogicalResourceId"] for each in listed} == set(template["Resources"])
    assert {each["ResourceStatus"] for each in listed} == {"CREATE_COMPLETE"}


def test_no_placeholder_is_left_in_a_state_machine(deployed: Deployed) -> None:
    client = boto3.client("stepfunctions")
    for arn in (
        deployed.parameters.state_machines.train_and_promote,
        deployed.parameters.state_machines.update_endpoint,
    ):
        definition = client.describe_state_machine(stateMachineArn=arn)["definition"]
        assert "${" not in definition
        assert json.loads(definition)["States"]


@pytest.mark.parametrize("bucket", ["raw", "datasets", "models", "capture", "code"])
def test_buckets_keep_versions(deployed: Deployed, bucket: str) -> None:
    name = getattr(deployed.parameters.buckets, bucket)
    assert boto3.client("s3").get_bucket_versioning(Bucket=name)["Status"] == "Enabled"


def test_messages_that_fail_go_to_the_dead_letter_queue(deployed: Deployed) -> None:
    sqs = boto3.client("sqs")
    for url in (deployed.parameters.queues.train_model, deployed.parameters.queues.training_results):
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
        target = json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"]
        assert target.endswith(f"{url.rpartition('/')[2]}-dlq")


def test_functions_are_fed_by_the_two_queues_and_the_tables_stream(deployed: Deployed) -> None:
    mappings = boto3.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    fed = {mapping["FunctionArn"].rpartition(":")[2]: mapping["EventSourceArn"] for mapping in mappings}
    assert set(fed) == {
        "vigil-infra-train-model-handler", "vigil-infra-open-approval", "vigil-infra-deliver-decision",
        "vigil-infra-fail-wait",
    }  # fmt: skip
    assert "/stream/" in fed["vigil-infra-deliver-decision"]


def test_the_registrys_url_is_in_the_secret_and_nowhere_in_the_stack(deployed: Deployed) -> None:
    secret = boto3.client("secretsmanager").get_secret_value(SecretId=deployed.parameters.dvc.registry_secret)
    assert json.loads(secret["SecretString"]) == {"url": deployed.registry_url}
    described = json.dumps(boto3.client("cloudformation").describe_stacks(StackName="vigil-infra"), default=str)
    assert deployed.registry_url not in described


def test_deploying_again_changes_nothing(deployed: Deployed) -> None:
    listed = boto3.client("cloudformation").describe_stack_resources(StackName="vigil-infra")["StackResources"]
    before = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in listed}
    where = ["--registry-url", deployed.registry_url, "--image", IMAGE]
    again = deployed.vigil("deploy", "--stack", "infra", *where, "--json")
    assert json.loads(again.stdout) == deployed.outputs
    listed = boto3.client("cloudformation").describe_stack_resources(StackName="vigil-infra")["StackResources"]
    assert {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in listed} == before
    assert json.loads(deployed.vigil("outputs", "--stack", "infra", "--json").stdout) == deployed.outputs


def test_another_time_out_reaches_the_code(deployed: Deployed) -> None:
    arguments = ["--registry-url", deployed.registry_url, "--image", IMAGE, "--approval-timeout", "120"]
    deployed.vigil("deploy", "--stack", "infra", *arguments)
    assert load_parameters().timing.approval_timeout_seconds == 120


def test_outside_a_checkout_the_command_says_what_is_missing(deployed: Deployed, tmp_path: Path) -> None:
    arguments = [
        "deploy",
        "--stack",
        "infra",
        "--registry-url",
        "file:///r",
        "--image",
        IMAGE,
        "--project",
        str(tmp_path),
    ]
    result = deployed.vigil(*arguments, check=False)
    assert result.returncode == 1
    assert "run this in a checkout" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("image", [[], ["--image", "localhost/vigil-ml:latest"]])
def test_without_an_image_by_digest_nothing_is_deployed(deployed: Deployed, image: list[str]) -> None:
    result = deployed.vigil("deploy", "--stack", "other", "--registry-url", "file:///r", *image, check=False)
    assert result.returncode != 0
    assert "--image" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_stack_that_is_not_there_has_no_outputs(deployed: Deployed) -> None:
    result = deployed.vigil("outputs", "--stack", "absent", check=False)
    assert (result.returncode, "deploy it first" in result.stderr) == (1, True)


def test_everything_uploaded_lies_under_its_digest(deployed: Deployed) -> None:
    import hashlib

    s3, bucket = boto3.client("s3"), deployed.parameters.buckets.code
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert {key.rpartition("/")[2] for key in keys} >= {
        "lambda.zip",
        "vigil.zip",
        "curate_quarters.py",
        "template.yaml",
    }
    for key in keys:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        assert key.split("/")[1] == hashlib.sha256(body).hexdigest()
