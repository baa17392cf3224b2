"""What the page needs from outside, each made in one place; tests put theirs in by ``dependency_overrides``."""

from __future__ import annotations

from functools import cache
from typing import Annotated

from fastapi import Depends

from vigil.models.shown_versions import ModelsReader, RollbackDesk


@cache
def reader() -> ModelsReader:
    from vigil.aws.environment import load_parameters
    from vigil.aws.models_view import models_view

    return models_view(load_parameters())


@cache
def rollbacks() -> RollbackDesk:
    from vigil.aws.environment import load_parameters
    from vigil.aws.models_view import rollback_desk

    return rollback_desk(load_parameters())


ModelsDep = Annotated[ModelsReader, Depends(reader)]
RollbackDep = Annotated[RollbackDesk, Depends(rollbacks)]
