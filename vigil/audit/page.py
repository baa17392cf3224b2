"""The ledger as one page for people: every record, every signature with printed name, date and time, and meaning.

One self-contained file without scripts; what people wrote is shown and never becomes part of the page.
"""

from __future__ import annotations

import base64
import hashlib
import json
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from vigil.audit.judging import Judged, judged
from vigil.audit.ports import StoredText

if TYPE_CHECKING:
    from vigil.audit.export import Manifest

#: What every readable form of a signed record must show: 21 CFR 11.50(a) and (b).
OF_A_SIGNATURE = {"printed_name", "signed_at", "meaning"}
LINES_AT_ONCE = 200


@dataclass(frozen=True)
class Shown:
    """A record as it is shown; ``document`` is empty where the text is none. ``problem``: why it does not hold."""

    document: dict[str, Any]
    raw: str
    problem: str | None
    signatures: list[dict[str, Any]]
    values: list[tuple[str, str]]


def write_page(path: Path, manifest: Manifest, chains: Iterable[tuple[str, Iterator[StoredText]]]) -> None:
    """Streamed: a page of any length takes the memory of some records."""
    environment = _environment()
    style = environment.loader.get_source(environment, "ledger.css.j2")[0] if environment.loader else ""
    stream = environment.get_template("ledger.html.j2").stream(
        manifest=manifest,
        chains=((chain, map(shown, judged(chain, records))) for chain, records in chains),
        style=Markup(style),  # noqa: S704 -- our own file
        style_digest=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )
    stream.enable_buffering(LINES_AT_ONCE)
    with path.open("wb") as file:
        stream.dump(file, encoding="utf-8", errors="replace")


def shown(record: Judged) -> Shown:
    document = record.document
    if not document.keys() >= {"sequence", "event", "at", "actor", "subject"}:
        return Shown({}, visible(record.text), record.problem, [], [])
    values = [(name, document.get(name)) for name in ("old", "new", "details")]
    return Shown(
        document,
        visible(record.text),
        record.problem,
        list(signatures_in(values)),
        [(name, visible(json.dumps(value, ensure_ascii=False, indent=1))) for name, value in values if value],
    )


def signatures_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every signature in a record's values, however deep."""
    if isinstance(value, dict):
        if value.keys() >= OF_A_SIGNATURE:
            yield value
        value = value.values()
    elif not isinstance(value, list | tuple):
        return
    for each in value:
        yield from signatures_in(each)


def visible(value: object) -> str:
    """Text without characters that hide or turn around what stands beside them: those are spelt out."""
    text = str(value)
    return "".join(
        f"\\u{ord(each):04x}" if unicodedata.category(each) in ("Cc", "Cf", "Cs") and each not in "\n\t" else each
        for each in text
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("vigil.audit"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["visible"] = visible
    return environment
