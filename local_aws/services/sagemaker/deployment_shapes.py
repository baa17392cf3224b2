"""The types of deployment configurations, and of what is kept of a deployment until it is complete."""

from __future__ import annotations

from datetime import datetime
from typing import NotRequired, Required, TypedDict

from local_aws.services.sagemaker.hosting_shapes import ContainerDefinition, DataCaptureConfig


class CapacitySize(TypedDict):
    Type: str
    Value: int


class TrafficRoutingConfig(TypedDict, total=False):
    Type: Required[str]
    WaitIntervalInSeconds: Required[int]
    CanarySize: CapacitySize
    LinearStepSize: CapacitySize


class BlueGreenUpdatePolicy(TypedDict, total=False):
    TrafficRoutingConfiguration: Required[TrafficRoutingConfig]
    TerminationWaitInSeconds: int
    MaximumExecutionTimeoutInSeconds: int


class RollingUpdatePolicy(TypedDict, total=False):
    MaximumBatchSize: Required[CapacitySize]
    WaitIntervalInSeconds: Required[int]
    MaximumExecutionTimeoutInSeconds: int
    RollbackMaximumBatchSize: CapacitySize


class RollbackAlarm(TypedDict):
    AlarmName: str


class AutoRollbackConfig(TypedDict, total=False):
    Alarms: list[RollbackAlarm]


class DeploymentConfig(TypedDict, total=False):
    BlueGreenUpdatePolicy: BlueGreenUpdatePolicy
    RollingUpdatePolicy: RollingUpdatePolicy
    AutoRollbackConfiguration: AutoRollbackConfig


class DeployedVariant(TypedDict):
    """A variant with the container of its model, as it was when the deployment began."""

    VariantName: str
    Weight: float
    InstanceCount: int
    InstanceType: NotRequired[str]
    Container: ContainerDefinition
    Role: NotRequired[str | None]
    Isolated: bool
    PingLimitSeconds: float


class Deployment(TypedDict):
    """All that is needed to serve an endpoint again after a restart, whatever happened to its configuration since."""

    EndpointConfigName: str
    Generation: str
    Variants: list[DeployedVariant]
    Shadows: NotRequired[list[DeployedVariant]]
    DataCaptureConfig: DataCaptureConfig | None


class PendingDeployment(Deployment):
    """A deployment under way. ``RollBack`` is the reason why it is being taken back, once that is decided."""

    StartTime: datetime
    Config: NotRequired[DeploymentConfig]
    RollBack: NotRequired[str]


class VariantProperty(TypedDict):
    VariantPropertyType: str


class UpdateEndpointRequest(TypedDict, total=False):
    EndpointName: Required[str]
    EndpointConfigName: Required[str]
    DeploymentConfig: DeploymentConfig
    RetainDeploymentConfig: bool
    RetainAllVariantProperties: bool
    ExcludeRetainedVariantProperties: list[VariantProperty]


class DesiredWeightAndCapacity(TypedDict, total=False):
    VariantName: Required[str]
    DesiredWeight: float
    DesiredInstanceCount: int
    ServerlessUpdateConfig: dict[str, int]


class UpdateEndpointWeightsAndCapacitiesRequest(TypedDict):
    EndpointName: str
    DesiredWeightsAndCapacities: list[DesiredWeightAndCapacity]
