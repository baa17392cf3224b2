"""Columns of text, made without a Python loop over rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from vigil.cases.synthetic.figures import Bools, Floats, Ints, Texts

Days = npt.NDArray[np.datetime64]
EARLIEST, LATEST = np.datetime64("1970-01-01"), np.datetime64("2100-01-01")
_DAYS = np.arange(EARLIEST, LATEST)
DAY_TEXTS = pa.array([text.replace("-", "") for text in np.datetime_as_string(_DAYS).tolist()], pa.string())

Column: TypeAlias = Any  # a pyarrow array of texts


def texts(values: Texts) -> Column:
    return pa.array(values, pa.string())


def numbers(values: Ints) -> Column:
    return pa.array(values, pa.int64()).cast(pa.string())


def days(values: Days) -> Column:
    """``YYYYMMDD``."""
    index = np.clip((values - EARLIEST).astype(np.int64), 0, len(DAY_TEXTS) - 1)
    return DAY_TEXTS.take(pa.array(index))


def decimals(values: Floats, places: int) -> Column:
    """Blank for NaN; no trailing zeros, as FDA writes ``70`` and ``58.05``."""
    known = pa.array(values, pa.float64(), from_pandas=True)
    fixed = pc.round(known, places).cast(pa.string())
    return pc.fill_null(pc.replace_substring_regex(fixed, r"[.]0$", ""), "")


def blank(rows: int) -> Column:
    return same("", rows)


def same(value: str, rows: int) -> Column:
    return pa.repeat(pa.scalar(value), rows)


def where(condition: Bools, column: Column, other: Column | str = "") -> Column:
    return pc.if_else(pa.array(condition), column, other)


def pick(random: np.random.Generator, rows: int, values: Sequence[str], weights: Sequence[float]) -> Column:
    """One of ``values`` for each row, by weight."""
    cumulative = np.cumsum(np.array(weights, dtype=np.float64))
    index = np.searchsorted(cumulative, random.random(rows) * cumulative[-1], side="right")
    return pa.array(list(values), pa.string()).take(pa.array(np.minimum(index, len(values) - 1)))


def joined(*columns: Column | str) -> Column:
    return pc.binary_join_element_wise(*columns, "")
