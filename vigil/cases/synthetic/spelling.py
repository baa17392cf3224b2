"""How a quarter writes what its cases are: the choices that change in FDA's files while the cases stay the same."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Spelling:
    """``not_administered``: share of the other drugs with the role DN. ``old_deaths``: share of deaths years old."""

    country_names: bool = False
    route_synonyms: bool = False
    not_administered: float = 0.0
    old_deaths: float = 0.0
