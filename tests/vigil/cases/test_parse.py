from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from faers_archives import TABLES, Archive, header, line, vintage_header, vintage_line
from hypothesis import given, settings
from hypothesis import strategies as st
from parsed_tables import parse

from vigil.cases.archive import ArchiveError, open_archive
from vigil.cases.layout import load_layouts
from vigil.cases.parse import Reject, parse_table

REAC = "ASCII/REAC23Q1.txt"
DEMO = "ASCII/DEMO23Q1.txt"


def reac(tmp_path: Path, body: bytes, head: bytes = header("REAC").encode() + b"\n") -> Path:
    return Archive().report(1).write(tmp_path, changes={REAC: head + body})


VINTAGE_QUARTERS = ("2004Q1", "2012Q3", "2012Q4", "2014Q2", "2014Q3", "2023Q1")
every_vintage = pytest.mark.parametrize("quarter", VINTAGE_QUARTERS)
pieces = st.lists(
    st.sampled_from(
        [b"11$1$Nausea$\n", b"11$Nausea$\n", b"$", b"\n", b"\r\n", b"\xff", b"\x00", b"12$1", b"1.0$1$Pain$\n"]
    ),
    max_size=40,
)
any_bytes = st.one_of(pieces.map(b"".join), st.binary(max_size=200))


def file_of(table: str, quarter: str) -> str:
    return f"ASCII/{table}{quarter[2:4]}Q{quarter[-1]}.txt"


@settings(deadline=None, max_examples=120)
@given(st.sampled_from(VINTAGE_QUARTERS), st.sampled_from(["DEMO", "REAC"]), any_bytes)
def test_every_line_is_a_row_or_a_reject(tmp_path_factory, quarter, table, body):
    """Any bytes, any vintage: never a crash, never a line lost or counted twice."""
    archive = Archive(quarter).report(1)
    head = vintage_header(archive.vintage, table).encode() + b"\n"
    path = archive.write(tmp_path_factory.mktemp("any"), changes={file_of(table, quarter): head + body})
    whole = body.count(b"\n") + (not body.endswith(b"\n") and bool(body))
    try:
        rows, rejects, lines = parse(path, table)
    except ArchiveError as error:
        assert "unusable" in str(error) or "no usable line" in str(error)
        return
    assert lines == whole == len(rows) + len(rejects)
    numbers = [row["source_line"] for row in rows] + [reject.line for reject in rejects]
    assert sorted(numbers) == list(range(2, whole + 2))


characters = st.characters(max_codepoint=0x2FFF, exclude_categories=["Cc", "Cs"], exclude_characters="$")
texts = st.text(characters, max_size=12)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(VINTAGE_QUARTERS), st.sampled_from(["\n", "\r\n"]), st.lists(texts, min_size=1, max_size=8))
def test_what_was_written_comes_back_in_the_current_layouts_columns(tmp_path_factory, quarter, ending, terms):
    archive = Archive(quarter)
    rows = [line("REAC", primaryid=n, caseid=n, pt=term) for n, term in enumerate(terms, 1)]
    written = [vintage_header(archive.vintage, "REAC"), *(vintage_line(archive.vintage, "REAC", row) for row in rows)]
    content = ending.join([*written, ""]).encode()
    path = archive.report(1).write(tmp_path_factory.mktemp("back"), changes={file_of("REAC", quarter): content})
    found, rejects, _ = parse(path)
    assert rejects == []
    assert [row["pt"] for row in found] == terms
    assert [row["primaryid"] for row in found] == [str(n) for n in range(1, len(terms) + 1)]


@every_vintage
def test_every_table_of_every_vintage_gives_the_current_layouts_columns(tmp_path, quarter):
    archive = Archive(quarter).report(
        7, 3, outcomes=["HO"], indications=["Pain"], sex="F", age=61, age_cod="YR", mfr_sndr="ACME", rept_cod="EXP"
    )
    path = archive.write(tmp_path)
    for table in load_layouts().current.tables:
        rows, rejects, _ = parse(path, table)
        assert rejects == []
        for row in rows:
            assert tuple(row) == (*TABLES[table].columns, "source_line")
            assert row["primaryid"] == "73"
    (demo,), _, _ = parse(path, "DEMO")
    assert (demo["caseid"], demo["sex"], demo["age"], demo["rept_cod"]) == ("7", "F", "61", "EXP")
    assert demo["caseversion"] == ("" if archive.vintage.name == "legacy AERS" else "3")
    (outcome,), _, _ = parse(path, "OUTC")
    assert outcome["outc_cod"] == "HO"


def test_a_report_that_is_listed_twice_is_kept_once_and_its_repeat_is_told(tmp_path):
    archive = Archive().report(1).report(2)
    archive.lines["DEMO"] += archive.lines["DEMO"][:1]
    rows, rejects, _ = parse(archive.write(tmp_path), "DEMO")
    assert [row["source_line"] for row in rows] == [2, 3]
    assert [(reject.line, reject.reason) for reject in rejects] == [(4, "primaryid repeats line 2")]


def test_ids_written_as_floats_refuse_the_table(tmp_path):
    body = "\n".join([header("DEMO"), *(line("DEMO", primaryid=f"{n}.0", caseid=f"{n}.0") for n in range(50))])
    path = Archive().write(tmp_path, changes={DEMO: body.encode()})
    with pytest.raises(ArchiveError, match=r"50 of 50 lines are unusable.*primaryid is not a whole number"):
        parse(path, "DEMO")


def test_binary_junk_refuses_the_table(tmp_path):
    junk = bytes(range(256)) * 400
    with pytest.raises(ArchiveError, match="lines are unusable"):
        parse(reac(tmp_path, junk))


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
        (b"11$1$Nausea$$12$2$Pain$", "8 fields where the layout has 4, as lines have that were joined"),
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
        (b"isr$pt$x$y\n", r"those of the legacy AERS layout \(2004Q1 to 2012Q3\), but 2023Q1 has the current FAERS"),
        (b"primaryid$caseid$pt$x$v4\n", "column 4 is 'x' where the current FAERS layout has 'drug_rec_act'"),
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


def test_more_rejects_than_are_listed_end_the_reading_with_an_error_and_never_silently(tmp_path):
    """However small their share: what was not read must not be taken for what is not there."""
    path = reac(tmp_path, b"11$1$Nausea$\n" * 5_000 + b"damaged\n" * 40 + b"12$2$Pain$\n" * 60_000)
    with open_archive(path) as archive:
        limits = archive.limits.model_copy(update={"max_rejects_listed": 30, "max_reject_share": 0.01})
        with pytest.raises(ArchiveError, match="lines are unusable"):
            list(parse_table(replace(archive, limits=limits), "REAC"))


@pytest.mark.parametrize(
    ("day", "is_one"),
    [("20240229", True), ("20230229", False), ("20000229", True), ("19000229", False), ("20230431", False),
     ("20231231", True), ("20230100", False), ("20231301", False), ("20230230", False)],
)  # fmt: skip
def test_a_receipt_date_is_a_day_of_the_calendar(tmp_path, day, is_one):
    rows, rejects, _ = parse(Archive().report(1).report(2, fda_dt=day).write(tmp_path), "DEMO")
    assert (len(rows), len(rejects)) == ((2, 0) if is_one else (1, 1))


def test_control_characters_beyond_ascii_become_question_marks_and_delete_is_a_reject(tmp_path):
    body = b"11$1$end\x85$\n" + "12$2$end\x85$\n".encode() + b"13$3$end\x7f$\n"
    rows, rejects, _ = parse(reac(tmp_path, body))
    assert [row["pt"] for row in rows] == ["end?", "end?"]
    assert [(reject.line, reject.reason) for reject in rejects] == [(4, "control character")]
