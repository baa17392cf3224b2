"""SageMaker's schedules and their job definitions, which are deleted once no schedule holds them any more."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError
from candidate_evidence import real_plan
from moto_stack import MotoStack
from watched_model import serving

from vigil.aws.model_monitor_schedules import TYPES, ModelMonitorSchedules
from vigil.aws.monitored_model import served_model
from vigil.monitoring.models import Monitor

KINDS = [kind for _, kind in TYPES.values()]


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "call")


class Monitoring:
    """SageMaker's monitoring as far as it matters: what a schedule holds cannot be deleted, schedules go later."""

    def __init__(self) -> None:
        self.schedules: dict[str, dict[str, Any]] = {}
        self.definitions: dict[str, set[str]] = {kind: set() for kind in KINDS}

    def __getattr__(self, call: str) -> Any:
        verb, _, rest = call.partition("_")
        kind = rest.partition("_job_definition")[0]
        return lambda **request: getattr(self, f"_{verb}")(kind, **request)

    def describe_monitoring_schedule(self, MonitoringScheduleName: str) -> dict[str, Any]:  # noqa: N803
        if MonitoringScheduleName not in self.schedules:
            raise refused("ResourceNotFound")
        return self.schedules[MonitoringScheduleName]

    def create_monitoring_schedule(self, **request: Any) -> None:
        self.schedules[request["MonitoringScheduleName"]] = request | {"MonitoringScheduleStatus": "Scheduled"}

    update_monitoring_schedule = create_monitoring_schedule

    def delete_monitoring_schedule(self, MonitoringScheduleName: str) -> None:  # noqa: N803
        schedule = self.schedules[MonitoringScheduleName]
        assert schedule["MonitoringScheduleStatus"] != "Deleting", "asked twice"
        schedule["MonitoringScheduleStatus"] = "Deleting"

    def _create(self, kind: str, JobDefinitionName: str, **_more: Any) -> None:  # noqa: N803
        self.definitions[kind].add(JobDefinitionName)

    def _list(self, kind: str, NameContains: str, MaxResults: int) -> dict[str, Any]:  # noqa: N803
        names = [name for name in sorted(self.definitions[kind]) if NameContains in name][:MaxResults]
        return {"JobDefinitionSummaries": [{"MonitoringJobDefinitionName": name} for name in names]}

    def _delete(self, kind: str, JobDefinitionName: str) -> None:  # noqa: N803
        held = {one["MonitoringScheduleConfig"]["MonitoringJobDefinitionName"] for one in self.schedules.values()}
        if JobDefinitionName in held:
            raise refused("ResourceInUse")
        self.definitions[kind].remove(JobDefinitionName)


def test_definitions_that_a_schedule_still_holds_are_deleted_at_a_later_look(stack: MotoStack) -> None:
    sagemaker, rules = Monitoring(), real_plan().modification_protocol.monitoring
    home = ModelMonitorSchedules(sagemaker, stack.parameters, "unit", lambda _served: rules)
    sagemaker.definitions["model_bias"].add("another-vigil-unit-bias-definition")
    assert set(home.ensure(served_model(serving())).values()) == {"made"}
    assert set(home.ensure(served_model(serving())).values()) == {"kept"}
    assert set(home.ensure(served_model(serving(baseline_digest="c" * 64))).values()) == {"changed"}
    own = {kind: [name for name in names if name.startswith("vigil-")] for kind, names in sagemaker.definitions.items()}
    assert [len(names) for names in own.values()] == [1] * len(Monitor)
    assert set(home.delete()) == {monitor.value for monitor in Monitor}
    assert all(sagemaker.definitions.values())  # the schedules are going, and hold them
    assert home.delete() == {}
    sagemaker.schedules.clear()
    assert home.delete() == {}
    assert set().union(*sagemaker.definitions.values()) == {"another-vigil-unit-bias-definition"}
