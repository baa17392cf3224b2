"""The model that a roll-back names: found by its ARN or its run key, and what its chain in the ledger tells of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, Self

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from vigil.approvals.errors import RollbackRefusedError
from vigil.approvals.models import LONGEST_MODEL, LONGEST_REASON, Facts
from vigil.approvals.rollback import ServedModels, check_standing, first_served
from vigil.audit.events import EventName
from vigil.audit.models import Record, model_chain
from vigil.aws.pinning import describe_problems, run_key

#: How SageMaker says that there is no such model package (SageMaker API reference, DescribeModelPackage).
UNKNOWN = frozenset({"ValidationException", "ResourceNotFound"})
RUN_KEY = r"^[0-9a-f]{12}$"


class ChainReader(Protocol):
    def read(self, chain: str, after: int = 0) -> Iterator[Record]: ...


class NamedModel(BaseModel):
    """What is to come back."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    model_package_arn: str | None = Field(default=None, min_length=1, max_length=LONGEST_MODEL)
    run_key: str | None = Field(default=None, pattern=RUN_KEY)

    @model_validator(mode="after")
    def _names_one_model(self) -> Self:
        if (self.model_package_arn is None) == (self.run_key is None):
            raise ValueError("name the model by model_package_arn or by run_key, one of them")
        return self

    @classmethod
    def of(cls, raw: Any) -> Self:
        """Raises ``RollbackRefusedError``."""
        try:
            return cls.model_validate(raw)
        except ValidationError as error:
            raise RollbackRefusedError(
                f"the request for a roll-back is not usable: {describe_problems(error)}"
            ) from None


class RollbackOrder(NamedModel):
    """Input of the state machine roll-back: what is to come back, who asks, why. Counts only with the record that
    ``request_rollback`` made of whoever proved it (``check_asker``)."""

    requested_by: str = Field(min_length=1, max_length=200)
    reason: str = Field(min_length=1, max_length=LONGEST_REASON, pattern=r"\S")
    asked_via: str = Field(min_length=1, max_length=300)
    asked_subject: str = Field(min_length=1, max_length=300)


@dataclass(frozen=True)
class TargetPorts:
    """``sagemaker`` is a boto3 client; ``group`` the stack's model package group."""

    sagemaker: Any
    group: str
    ledger: ChainReader
    models: ServedModels


@dataclass(frozen=True)
class Target:
    """A model that may come back. ``served``: the facts with which it first came into service; ``chain``: its own."""

    run_key: str
    served: Facts
    chain: tuple[Record, ...]


def find_target(order: NamedModel, ports: TargetPorts) -> Target:
    """Raises ``RollbackRefusedError`` unless the model served before and nobody barred it since."""
    key, package = _named(order, ports)
    if f":model-package/{ports.group}/" not in package:
        raise RollbackRefusedError(f"{package} is no model of this stack: see `vigil models list`")
    check_standing(package, ports.models)
    chain = tuple(ports.ledger.read(model_chain(key)))
    return Target(run_key=key, served=first_served(package, chain), chain=chain)


def _named(order: NamedModel, ports: TargetPorts) -> tuple[str, str]:
    if order.model_package_arn is not None:
        return _run_of(order.model_package_arn, ports), order.model_package_arn
    key = str(order.run_key)
    for record in ports.ledger.read(model_chain(key)):
        if record.event is EventName.REQUEST_OPENED:
            return key, str(record.details["facts"]["model_package_arn"])
    raise RollbackRefusedError(f"no model of the run {key} was ever put before people: see `vigil models list`")


def _run_of(package: str, ports: TargetPorts) -> str:
    """A pointer only: what the registry says is believed where the ledger's chain of that run says it too."""
    if f":model-package/{ports.group}/" not in package:
        raise RollbackRefusedError(f"{package} is no model of this stack: see `vigil models list`")
    try:
        described = ports.sagemaker.describe_model_package(ModelPackageName=package)
    except ClientError as error:
        if error.response["Error"]["Code"] not in UNKNOWN:
            raise
        raise RollbackRefusedError(f"there is no model {package}: see `vigil models list`") from error
    execution = described.get("CustomerMetadataProperties", {}).get("execution_arn")
    if not execution:
        raise RollbackRefusedError(f"{package} was registered by no run of this stack")
    return run_key(execution)
