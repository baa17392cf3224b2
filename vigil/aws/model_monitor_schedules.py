"""SageMaker's own monitoring schedules with our image, for accounts that Model Monitor is still open to.

A schedule names a job definition, which cannot be changed: each baseline has definitions of its own, named by a digest
of their content, and the schedule moves on to them. API_CreateModelQualityJobDefinition, API_MonitoringScheduleConfig.

A schedule runs at least once a day and looks at what came since its last run (no more than 24 hours), so its windows
are days, not the plan's. Labels lag behind, so what needs them looks at a day before (``StartTimeOffset``).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from vigil.aws import monitoring_places
from vigil.aws.analyzer_environment import DATASET, NEED_LABELS, OUTPUT, own
from vigil.aws.environment import StackParameters
from vigil.aws.monitor_jobs import MOST_SECONDS, VOLUME_GB
from vigil.aws.monitored_model import ServedModel
from vigil.aws.monitoring_schedules import made_or_met, unless_gone
from vigil.aws.objects import S3Uri
from vigil.change_control.monitoring_rules import MonitoringRules
from vigil.digests import digest_of
from vigil.monitoring.models import Monitor

#: SageMaker's names of the four (API_MonitoringScheduleConfig, MonitoringType), and boto3's of their calls.
TYPES = {
    Monitor.DATA_QUALITY: ("DataQuality", "data_quality"),
    Monitor.MODEL_QUALITY: ("ModelQuality", "model_quality"),
    Monitor.BIAS: ("ModelBias", "model_bias"),
    Monitor.ATTRIBUTION: ("ModelExplainability", "model_explainability"),
}
#: These two take no entrypoint but a configuration, which is the pinned baseline's own document.
CONFIGURED = (Monitor.BIAS, Monitor.ATTRIBUTION)
HOUR_SECONDS = 3600
DIGITS = 12
MOST_LISTED = 100
IN_USE = {"ResourceInUse", "ConflictException"}
BASELINE_FILE = "baseline.json"


class ModelMonitorSchedules:
    """``client`` is a boto3 SageMaker client; ``stack`` the stack's name; ``rules``: the plan's, of a served model."""

    def __init__(
        self, client: Any, parameters: StackParameters, stack: str, rules: Callable[[ServedModel], MonitoringRules]
    ) -> None:
        self._client = client
        self._parameters = parameters
        self._stack = stack
        self._rules = rules

    def ensure(self, served: ServedModel) -> dict[str, str]:
        return {monitor.value: self._ensure(monitor, served) for monitor in Monitor}

    def delete(self) -> dict[str, str]:
        done = {}
        for monitor in Monitor:
            found = self._schedule(monitor)
            if found is not None and found.get("MonitoringScheduleStatus") != "Deleting":
                self._client.delete_monitoring_schedule(MonitoringScheduleName=self._name(monitor))
                done[monitor.value] = "deleted"
            self._forget(monitor)
        return done

    def _ensure(self, monitor: Monitor, served: ServedModel) -> str:
        definition = self._definition(monitor, served)
        name = f"{self._name(monitor)}-{digest_of(definition)[:DIGITS]}"
        wanted = {
            "MonitoringScheduleName": self._name(monitor),
            "MonitoringScheduleConfig": {
                "ScheduleConfig": {"ScheduleExpression": self._parameters.monitoring.schedule},
                "MonitoringJobDefinitionName": name,
                "MonitoringType": TYPES[monitor][0],
            },
        }
        found = self._schedule(monitor)
        if found is not None and found["MonitoringScheduleConfig"] == wanted["MonitoringScheduleConfig"]:
            self._forget(monitor, name)
            return "kept"
        try:
            getattr(self._client, f"create_{TYPES[monitor][1]}_job_definition")(JobDefinitionName=name, **definition)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceInUse":
                raise
        if found is None:
            return made_or_met(lambda: self._client.create_monitoring_schedule(**wanted))
        self._client.update_monitoring_schedule(**wanted)
        self._forget(monitor, name)
        return "changed"

    def _schedule(self, monitor: Monitor) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._client.describe_monitoring_schedule(
                MonitoringScheduleName=self._name(monitor)
            )
        except ClientError as error:
            unless_gone(error)
            return None
        return found

    def _definition(self, monitor: Monitor, served: ServedModel) -> dict[str, Any]:
        """The request without its name; the four kinds differ by the prefix of its members."""
        kind, parameters = TYPES[monitor][0], self._parameters
        endpoint, files = parameters.sagemaker.endpoint, S3Uri.parse(served.baseline_uri) / monitor.value
        reports = monitoring_places.monitor_reports(parameters, endpoint, monitor)
        application: dict[str, Any] = {
            "ImageUri": parameters.sagemaker.image,
            "Environment": {**own(monitor, served, str(reports)), "publish_cloudwatch_metrics": "Enabled"},
        }
        baseline = {"ConstraintsResource": {"S3Uri": str(files / "constraints.json")}}
        data: dict[str, Any] = {"EndpointInput": {"EndpointName": endpoint, "LocalPath": DATASET}}
        if monitor is Monitor.DATA_QUALITY:
            baseline["StatisticsResource"] = {"S3Uri": str(files / "statistics.json")}
        if monitor is Monitor.MODEL_QUALITY:
            application["ProblemType"] = "BinaryClassification"
        if monitor in CONFIGURED:
            application["ConfigUri"] = str(S3Uri.parse(served.baseline_uri) / BASELINE_FILE)
        if monitor in NEED_LABELS:
            captured = monitoring_places.captured(parameters) / f"{endpoint}/"
            application["Environment"]["vigil_captured_uri"] = str(captured)
            truth = str(monitoring_places.ground_truth(parameters, endpoint)).rstrip("/")
            data["GroundTruthS3Input"] = {"S3Uri": truth}
            data["EndpointInput"] |= dict.fromkeys(("StartTimeOffset", "EndTimeOffset"), self._back(served))
        output = {"S3Uri": f"s3://{parameters.buckets.capture}/model-monitor", "LocalPath": OUTPUT}
        return {
            f"{kind}BaselineConfig": baseline,
            f"{kind}AppSpecification": application,
            f"{kind}JobInput": data,
            f"{kind}JobOutputConfig": {
                "MonitoringOutputs": [{"S3Output": output | {"S3UploadMode": "EndOfJob"}}],
                "KmsKeyId": parameters.keys.data,
            },
            "JobResources": {
                "ClusterConfig": {
                    "InstanceCount": 1,
                    "InstanceType": parameters.sagemaker.instance_type,
                    "VolumeSizeInGB": VOLUME_GB,
                    "VolumeKmsKeyId": parameters.keys.data,
                }
            },
            "RoleArn": parameters.sagemaker.monitor_role,
            "StoppingCondition": {"MaxRuntimeInSeconds": MOST_SECONDS},
        }

    def _forget(self, monitor: Monitor, kept: str = "") -> None:
        """Delete the monitor's job definitions but the one that is ``kept``; those still in use at a later look.

        A schedule is deleted, and updated, only after the call that asks for it, and holds its definition until then.
        """
        names, kind = f"{self._name(monitor)}-", TYPES[monitor][1]
        found = getattr(self._client, f"list_{kind}_job_definitions")(NameContains=names, MaxResults=MOST_LISTED)
        for entry in found["JobDefinitionSummaries"]:
            name = entry["MonitoringJobDefinitionName"]
            if not name.startswith(names) or name == kept:
                continue
            try:
                getattr(self._client, f"delete_{kind}_job_definition")(JobDefinitionName=name)
            except ClientError as error:
                if error.response["Error"]["Code"] not in IN_USE:
                    unless_gone(error)

    def _back(self, served: ServedModel) -> str:
        """By how much the plan says that labels lag behind, in whole hours."""
        return f"-PT{math.ceil(self._rules(served).labels_come_within_seconds / HOUR_SECONDS)}H"

    def _name(self, monitor: Monitor) -> str:
        return f"vigil-{self._stack}-{monitor.value}"
