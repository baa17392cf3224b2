"""What the plan's types have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1)]
Share = Annotated[float, Field(ge=0, le=1)]


class Part(BaseModel):
    """Read from YAML: strict, nothing unknown, never changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
