from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from faers_archives import Archive, header, line
from hypothesis import given, settings
from hypothesis import strategies as st

from vigil.cases.archive import ArchiveError, open_archive
from vigil.cases.parse import Reject, parse_deleted, parse_table

REAC = "ASCII/REAC23Q1.txt"
DEMO = "ASCII/DEMO23Q1.txt"


def parse(path: Path, table: str = "REAC") -> tuple[list[dict[str, Any]], list[Reject], int]:
    with open_archive(path) as archive:
        blocks = list(parse_table(archive, table))
    rows = [row for block in blocks for row in block.rows.to_pylist()]
    return rows, [reject for block in blocks for reject in block.rejects], sum(block.lines for block in blocks)


def reac(tmp_path: Path, body: bytes, head: bytes = header("REAC").encode() + b"\n") -> Path:
    return Archive().report(1).write(tmp_path, changes={REAC: head + body})


pieces = st.lists(
    st.sampled_from([b"11$1$Nausea$\n", b"$", b"\n", b"\r\n", b"\xff", b"\x00", b"12$1", b"Pain$", b"1.0$1$Pain$\n"]),
    max_size=40,
)


@settings(deadline=None, max_examples=60)
@given(st.one_of(pieces.map(b"".join), st.binary(max_size=200)))
def test_every_line_is_a_row_or_a_reject(tmp_path_factory, body):
    path = reac(tmp_path_factory.mktemp("any"), body)
    whole = body.count(b"\n") + (not body.endswith(b"\n") and bool(body))
    try:
        rows, rejects, lines = parse(path)
    except ArchiveError as error:
        assert "unusable" in str(error)
        return
    assert lines == whole == len(rows) + len(rejects)
    numbers = [row["source_line"] for row in rows] + [reject.line for reject in rejects]
    assert sorted(numbers) == list(range(2, whole + 2))


def test_rows_keep_their_text_as_it_stands(tmp_path):
    body = '11$1$Nausea "severe" isn\'t, it$\n12$2$ trimmed later $\n'
    rows, _, _ = parse(reac(tmp_path, body.encode()))
    assert [row["pt"] for row in rows] == ['Nausea "severe" isn\'t, it', " trimmed later "]
    assert rows[0]["drug_rec_act"] == ""


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_both_line_endings_are_read(tmp_path, ending):
    rows, rejects, _ = parse(reac(tmp_path, b"11$1$Nausea$" + ending + b"12$2$Pain$", header("REAC").encode() + ending))
    assert [row["pt"] for row in rows] == ["Nausea", "Pain"]
    assert rejects == []


def test_latin1_and_utf8_are_read(tmp_path):
    body = "11$1$Ménière$\n".encode("latin-1") + "12$2$Ménière$\n".encode()
    assert [row["pt"] for row in parse(reac(tmp_path, body))[0]] == ["Ménière", "Ménière"]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"11$1$Nausea", "3 fields where the layout has 4"),
        (b"11$1$Nausea$$12$2$Pain$", "8 fields where the layout has 4"),
        (b"", "blank line"),
        (b"11$1$Nau\x00sea$", "control character"),
        (b"11$1$Nau\rsea$", "control character"),
        (b"11$1$" + b"x" * 70_000 + b"$", "longer than any real line"),
        (b"11.0$1$Nausea$", "primaryid is not a whole number"),
        (b"$1$Nausea$", "primaryid is not a whole number"),
        (b"9999999999999999999$1$Nausea$", "primaryid is not a whole number"),
        (b"11$x$Nausea$", "caseid is not a whole number"),
    ],
)
def test_a_bad_line_is_rejected_with_its_place_and_reason(tmp_path, bad, reason):
    rows, rejects, _ = parse(reac(tmp_path, b"11$1$Nausea$\n" + bad + b"\n12$2$Pain$\n"))
    assert rejects == [Reject("faers_ascii_2023q1.zip", "REAC", REAC, 3, reason)]
    assert [row["source_line"] for row in rows] == [2, 4]


def test_a_report_without_a_readable_receipt_date_is_rejected(tmp_path):
    archive = Archive().report(1).report(2, fda_dt="202301")
    rows, rejects, _ = parse(archive.write(tmp_path), "DEMO")
    assert len(rows) == 1
    assert [(reject.line, reject.reason) for reject in rejects] == [(3, "fda_dt is not a date such as 20230131")]


def test_no_reject_holds_the_text_of_the_line(tmp_path):
    _, rejects, _ = parse(reac(tmp_path, b"11$1$Nausea$\nPRIVATE$PRIVATE$PRIVATE$\nPRIVATE\n"))
    assert "PRIVATE" not in repr(rejects)


def test_too_many_rejects_refuse_the_archive(tmp_path):
    path = reac(tmp_path, b"11$1$Nausea$\n" * 100 + b"damaged\n" * 6)
    with pytest.raises(ArchiveError, match=r"REAC23Q1.txt: 6 of 106 lines are unusable.*such as line 107 \(1 fields"):
        parse(path)


def test_a_few_rejects_are_tolerated_in_a_small_table(tmp_path):
    assert len(parse(reac(tmp_path, b"11$1$Nausea$\n" * 3 + b"damaged\n" * 5))[1]) == 5


def test_tables_with_a_header_only_are_empty(tmp_path):
    assert parse(Archive().report(1).write(tmp_path), "THER") == ([], [], 0)


def test_a_demo_without_rows_is_refused(tmp_path):
    with pytest.raises(ArchiveError, match="no usable line"):
        parse(Archive().write(tmp_path), "DEMO")


def test_an_empty_file_is_refused(tmp_path):
    with pytest.raises(ArchiveError, match="line 1: the file is empty"):
        parse(reac(tmp_path, b"", b""))


@pytest.mark.parametrize(
    "head", [b"\xef\xbb\xbfPRIMARYID$CASEID$PT$DRUG_REC_ACT\n", b"primaryid$ caseid$pt $drug_rec_act\r\n"]
)
def test_headers_may_differ_in_case_blanks_and_a_byte_order_mark(tmp_path, head):
    assert len(parse(reac(tmp_path, b"11$1$Nausea$\n", head))[0]) == 1


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (b"primaryid$caseid$reaction$drug_rec_act\n", "column 3 is 'reaction' where the current FAERS layout has 'pt'"),
        (b"primaryid$caseid$pt\n", "3 columns where the current FAERS layout has 4"),
        (b"isr$pt$x$y\n", r"legacy AERS layout \(2004Q1 to 2012Q3\), which is not read"),
        (b"\x00\x01\x02\n", "1 columns"),
    ],
)
def test_a_wrong_header_is_named(tmp_path, head, message):
    with pytest.raises(ArchiveError, match=r"faers_ascii_2023q1.zip: ASCII/REAC23Q1.txt line 1: .*" + message):
        parse(reac(tmp_path, b"", head))


def test_shifted_columns_are_rejected_not_read(tmp_path):
    shifted = "\n".join([header("DEMO"), *("$" + line("DEMO", primaryid=n, caseid=n)[:-1] for n in range(50))])
    with pytest.raises(ArchiveError, match="50 of 50 lines are unusable"):
        parse(Archive().write(tmp_path, changes={DEMO: shifted.encode()}), "DEMO")


def test_deleted_cases_are_read_around_blank_lines(tmp_path):
    path = Archive(deleted=[123, 456, "", "12.0"]).report(1).write(tmp_path)
    with open_archive(path) as archive:
        deleted = parse_deleted(archive)
    assert deleted.case_ids == [123, 456]
    assert [(reject.table, reject.line) for reject in deleted.rejects] == [("DELETED", 5)]


def test_an_archive_without_a_list_of_deleted_cases_is_fine(tmp_path):
    path = Archive().report(1).write(tmp_path, changes={"Deleted/DELETE23Q1.txt": None})
    with open_archive(path) as archive:
        assert parse_deleted(archive).case_ids == []
