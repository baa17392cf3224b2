"""What the Models page reads and asks for: versions with their comparisons, and the function that starts roll-backs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from vigil.approvals.errors import RollbackRefusedError
from vigil.approvals.models import PasswordProof
from vigil.approvals.rollback_asking import AskForRollback
from vigil.aws.desk_client import desk_client
from vigil.aws.environment import StackParameters
from vigil.aws.item_batches import batch_items
from vigil.aws.model_versions import VersionSources, model_versions, version_sources
from vigil.aws.rollback_client import RollbackUnavailableError, ask_for_rollback
from vigil.models.shown_versions import PairedTest, RollbackNotAskedError, ShadowPeriod, ShownModels, ShownVersion
from vigil.models.versions import ModelVersion

FRESH_SECONDS = 5.0  # short: who has asked for a roll-back looks for its request
VERSIONS_SHOWN = 50
#: Attributes of a model package's item in the models table: JSON documents of how it did against what served.
PAIRED, SHADOW = "paired_test", "shadow"

Kind = TypeVar("Kind", bound=BaseModel)


class ModelsView:
    """``clock`` counts seconds. For many threads; two looks within ``FRESH_SECONDS`` cost one."""

    def __init__(self, sources: VersionSources, clock: Callable[[], float] = time.monotonic) -> None:
        self._sources, self._clock = sources, clock
        self._lock = threading.Lock()
        self._shown: tuple[float, ShownModels] | None = None

    def read(self) -> ShownModels:
        with self._lock:
            if self._shown is None or self._clock() - self._shown[0] >= FRESH_SECONDS:
                self._shown = (self._clock(), self._read())
            return self._shown[1]

    def _read(self) -> ShownModels:
        found = model_versions(self._sources)
        shown = found.versions[:VERSIONS_SHOWN]
        recorded = self._recorded([each.model_package_arn for each in shown])
        return ShownModels(
            endpoint=found.endpoint,
            versions=tuple(_shown(each, recorded.get(each.model_package_arn, {})) for each in shown),
            hidden=len(found.versions) - len(shown),
        )

    def _recorded(self, packages: Iterable[str]) -> dict[str, dict[str, str]]:
        """The two comparisons of each package that has any."""
        keys = [{"model_package_arn": {"S": arn}} for arn in packages]
        found = dict[str, dict[str, str]]()
        for item in batch_items(self._sources.dynamodb, self._sources.table, keys):
            texts = {name: item[name]["S"] for name in (PAIRED, SHADOW) if name in item}
            found[item["model_package_arn"]["S"]] = texts
        return found


class LambdaRollbacks:
    """``RollbackDesk`` by the stack's function ``request_rollback``. ``client`` is a boto3 Lambda client."""

    def __init__(self, parameters: StackParameters, client: Any = None) -> None:
        self._parameters, self._client = parameters, client

    def ask(self, model_package_arn: str, reason: str, proof: PasswordProof, expected_signer: str) -> bool:
        order = AskForRollback(model=model_package_arn, reason=reason, proof=proof, expected_signer=expected_signer)
        try:
            return ask_for_rollback(order, self._parameters, self._client).is_new
        except RollbackRefusedError as error:
            raise RollbackNotAskedError(str(error), refused=True) from None
        except RollbackUnavailableError as error:
            raise RollbackNotAskedError(str(error), refused=False) from None


def models_view(parameters: StackParameters) -> ModelsView:
    return ModelsView(version_sources(parameters, desk_client(parameters).requests))


def rollback_desk(parameters: StackParameters) -> LambdaRollbacks:
    return LambdaRollbacks(parameters)


def _shown(version: ModelVersion, texts: Mapping[str, str]) -> ShownVersion:
    problems = list[str]()
    return ShownVersion(
        version=version,
        paired=_document(PairedTest, texts.get(PAIRED), "paired test", problems),
        shadow=_document(ShadowPeriod, texts.get(SHADOW), "shadow period", problems),
        problems=tuple(problems),
    )


def _document(kind: type[Kind], text: str | None, name: str, problems: list[str]) -> Kind | None:
    try:
        return None if text is None else kind.model_validate_json(text)
    except ValidationError:
        problems.append(f"what is recorded of its {name} cannot be read")
        return None
