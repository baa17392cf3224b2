"""Parameters of a stack for tests: every name that the code reads, with given values for some."""

from __future__ import annotations

from typing import Any

from vigil.aws.environment import StackParameters, parameter_prefix


def put_parameters(ssm: Any, stack: str, **values: str) -> None:
    """Put every parameter of ``StackParameters``; ``values`` are by field, ``state_machines__train_and_promote=…``."""
    for group, field in StackParameters.model_fields.items():
        for name in field.annotation.model_fields:  # type: ignore[union-attr]
            key = f"{parameter_prefix(stack)}{group}/{name}".replace("_", "-")
            value = values.get(f"{group}__{name}", "3600" if name.endswith("seconds") else "unused")
            ssm.put_parameter(Name=key, Value=value, Type="String", Overwrite=True)
