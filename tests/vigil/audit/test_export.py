"""An export is read again as what was exported, verifies by itself, and shows what people wrote without running it."""

from __future__ import annotations

import re
import tempfile
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_fakes import MemoryLedger, entry

from vigil.audit.export import ExportError, FolderSource, Manifest, PublicKeyFile, read_export, write_export
from vigil.audit.findings import Kind
from vigil.audit.models import Entry, Record
from vigil.audit.ports import StoredText
from vigil.audit.signatures import PublicKeys
from vigil.audit.verify import Report, verify_ledger

AT = datetime(2030, 2, 1, tzinfo=UTC)
SIGNATURE = {
    "printed_name": "<b>Ana</b>", "signed_at": "2030-01-01T00:00:00.000000Z", "meaning": "approved", "signer": "ana",
    "comment": "<script>alert(1)</script>\u202e", "role": "model-owner",
}  # fmt: skip
# What JSON can hold and UTF-8 too: no half of a surrogate pair.
TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def export(ledger: MemoryLedger, folder: Path, only: list[str] | None = None) -> Manifest:
    keys = PublicKeyFile(checkpoint={ledger.signer.key: ledger.signer.public_pem})
    return write_export(ledger, keys, folder, stack="unit", at=AT, by="ana", only=only)


def verify(folder: Path, only: list[str] | None = None) -> Report:
    source = FolderSource(folder)
    return verify_ledger(source, PublicKeys(source.keys().checkpoint), only=only or ())


@pytest.fixture
def ledger() -> MemoryLedger:
    made = MemoryLedger()
    made.fill(3)
    made.fill(2, "stack")
    made.append(entry(9, details={"signature": SIGNATURE}))
    made.seal()
    return made


def records(ledger: MemoryLedger) -> list[Record]:
    return [Record.model_validate_json(row.text) for chain in ledger.chains() for row in ledger.rows[chain]]


def test_an_export_is_read_again_as_what_was_exported(ledger: MemoryLedger, tmp_path: Path) -> None:
    manifest = export(ledger, tmp_path / "out")
    assert list(read_export(tmp_path / "out")) == records(ledger)
    assert (manifest.chains, manifest.checkpoints, manifest.complete) == ({"model:run-1": 4, "stack": 2}, 1, True)
    assert FolderSource(tmp_path / "out").manifest() == manifest


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(TEXTS.filter(bool), VALUES, st.dictionaries(TEXTS, VALUES, max_size=3)), max_size=5))
def test_whatever_was_recorded_comes_back_equal_and_verifies(entries: list[tuple[str, Any, dict[str, Any]]]) -> None:
    ledger = MemoryLedger()
    for number, (subject, value, details) in enumerate(entries):
        ledger.append(entry(number, subject=subject, old=value, new=[value], details=details))
    ledger.seal()
    with tempfile.TemporaryDirectory() as folder:
        export(ledger, Path(folder) / "out")
        assert list(read_export(Path(folder) / "out")) == records(ledger)
        assert verify(Path(folder) / "out").findings == []


def test_characters_that_end_lines_for_some_readers_stay_inside_a_record(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    ledger.append(entry(1, subject="a\u2028b\u2029c\x85d\x0be\x1cf\rg\nh\x00"))
    export(ledger, tmp_path / "out")
    assert list(read_export(tmp_path / "out")) == records(ledger)


def test_an_export_verifies_by_itself_and_one_changed_byte_in_it_is_named(ledger: MemoryLedger, tmp_path: Path) -> None:
    export(ledger, tmp_path / "out")
    assert verify(tmp_path / "out").findings == []
    path = tmp_path / "out" / "ledger.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b"subject 2", b"subject 3")
    path.write_bytes(b"".join(lines))
    (found,) = verify(tmp_path / "out").findings
    assert (found.kind, found.chain, found.sequence) == (Kind.ALTERED, "model:run-1", 2)


def test_lines_that_cannot_be_read_are_named_at_their_place(ledger: MemoryLedger, tmp_path: Path) -> None:
    export(ledger, tmp_path / "out")
    path = tmp_path / "out" / "ledger.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[0] = lines[4] = b"\xff\n"
    path.write_bytes(b"".join(lines))
    assert [(each.kind, each.chain, each.sequence) for each in verify(tmp_path / "out").findings] == [
        (Kind.ALTERED, "model:run-1", 1),
        (Kind.ALTERED, "stack", 1),
    ]


def test_a_chain_that_was_left_out_of_the_file_is_dropped(ledger: MemoryLedger, tmp_path: Path) -> None:
    export(ledger, tmp_path / "out")
    path = tmp_path / "out" / "ledger.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:4]))
    (found,) = verify(tmp_path / "out").findings
    assert (found.kind, found.chain) == (Kind.DROPPED, "stack")


def test_one_chain_alone_can_be_exported_and_verified(ledger: MemoryLedger, tmp_path: Path) -> None:
    manifest = export(ledger, tmp_path / "out", ["stack"])
    assert not manifest.complete
    assert {record.chain for record in read_export(tmp_path / "out")} == {"stack"}
    assert verify(tmp_path / "out", ["stack"]).findings == []


def test_a_broken_ledger_is_exported_as_it_is(ledger: MemoryLedger, tmp_path: Path) -> None:
    ledger.rows["stack"][0] = StoredText("no\nrecord <i>", 1)
    export(ledger, tmp_path / "out")
    (found,) = verify(tmp_path / "out").findings
    assert (found.kind, found.chain, found.sequence) == (Kind.ALTERED, "stack", 1)
    assert "&lt;i&gt;" in (tmp_path / "out" / "ledger.html").read_text()


def test_the_page_shows_an_altered_record_as_one_that_does_not_hold(ledger: MemoryLedger, tmp_path: Path) -> None:
    ledger.replace("model:run-1", 2, ledger.text("model:run-1", 2).replace("subject 2", "subject 3"))
    export(ledger, tmp_path / "out")
    text = (tmp_path / "out" / "ledger.html").read_text()
    assert text.count("This record does not hold") == 1
    assert "its content does not hash to what it says" in text


def test_a_folder_that_is_there_is_not_written_into(ledger: MemoryLedger, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="name a new folder"):
        export(ledger, tmp_path)
    with pytest.raises(ExportError, match="no export"):
        FolderSource(tmp_path)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


HOSTILE = "</pre></article><script>x</script><img src=x onerror=y>\"'&\u202e{{ 7*7 }}"


def test_the_page_shows_what_people_wrote_and_none_of_it_becomes_part_of_it(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    hostile = {"signature": dict.fromkeys(SIGNATURE, HOSTILE), HOSTILE: HOSTILE}
    actor = {"name": HOSTILE, "via": HOSTILE, "verified": False}
    fields = entry(1, subject=HOSTILE, old=HOSTILE, new=[HOSTILE]).model_dump() | {"actor": actor, "details": hostile}
    ledger.append(Entry.model_validate(fields))
    export(ledger, tmp_path / "out")
    text = (tmp_path / "out" / "ledger.html").read_text(encoding="utf-8")
    page = Tags()
    page.feed(text)
    assert not page.tags & {"script", "img", "a", "iframe", "form", "link", "b"}
    assert not {name for name in page.attributes if name.startswith("on")} | page.attributes & {"src", "href"}
    assert "\u202e" not in text
    assert "{{ 7*7 }}" in text
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")


def test_the_page_shows_printed_name_time_and_meaning_of_every_signature(ledger: MemoryLedger, tmp_path: Path) -> None:
    """21 CFR 11.50(b): as part of any human readable form."""
    export(ledger, tmp_path / "out")
    text = (tmp_path / "out" / "ledger.html").read_text(encoding="utf-8")
    assert "<dd>&lt;b&gt;Ana&lt;/b&gt; (ana)</dd>" in text
    assert f"<dd>{SIGNATURE['signed_at']}</dd>" in text
    assert "<dt>meaning</dt><dd>approved</dd>" in text
