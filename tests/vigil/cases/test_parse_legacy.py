"""Legacy AERS: a blank field after the last column, columns that came part-way, the bad lines that it is known for."""

from __future__ import annotations

from pathlib import Path

from faers_archives import Archive, line, vintage_header, vintage_line
from parsed_tables import parse


def legacy_demo(tmp_path: Path, *rows: str, head: str | None = None) -> Path:
    archive = Archive("2012Q1")
    head = head or vintage_header(archive.vintage, "DEMO")
    return archive.write(tmp_path, changes={"ASCII/DEMO12Q1.txt": "\n".join([head, *rows, ""]).encode()})


def legacy_line(**values: object) -> str:
    return vintage_line(Archive("2012Q1").vintage, "DEMO", line("DEMO", fda_dt=20120210, **values))


def test_a_country_that_came_part_way_is_blank_before(tmp_path):
    vintage = Archive("2012Q1").vintage
    row = vintage_line(vintage, "DEMO", line("DEMO", primaryid=1, caseid=1, fda_dt=20040102), with_optional=False)
    head = vintage_header(vintage, "DEMO", with_optional=False)
    (found,), rejects, _ = parse(legacy_demo(tmp_path, row, head=head), "DEMO")
    assert (found["reporter_country"], rejects) == ("", [])


def test_a_dollar_inside_a_value_is_rejected_and_shifts_no_column(tmp_path):
    """DEMO12Q1 line 105,917 is real: an E2B number with a `$`, followed by enough blanks to look harmless."""
    bad = legacy_line(primaryid=1, caseid=1, mfr_num="JP-CUBIST-#E2B0000000182").replace("#", "$")
    rows, rejects, _ = parse(legacy_demo(tmp_path, bad, legacy_line(primaryid=2, caseid=2)), "DEMO")
    assert [row["primaryid"] for row in rows] == ["2"]
    assert [(reject.line, reject.reason) for reject in rejects] == [
        (2, "25 fields where the layout has 24, as a line has with a `$` inside a value")
    ]


def test_a_first_line_with_a_dollar_inside_a_value_does_not_decide_for_the_file(tmp_path):
    head = legacy_line(primaryid=1, caseid=1, mfr_num="A#B").replace("#", "$")
    rows = [legacy_line(primaryid=n, caseid=n) for n in range(2, 20)]
    found, rejects, _ = parse(legacy_demo(tmp_path, head, *rows), "DEMO")
    assert (len(found), [reject.line for reject in rejects]) == (18, [2])


def test_two_joined_lines_are_rejected_as_such(tmp_path):
    """DRUG11Q2 line 322,967 is real: a line break is missing."""
    rows = [legacy_line(primaryid=n, caseid=n) for n in (1, 2, 3)]
    found, rejects, _ = parse(legacy_demo(tmp_path, rows[0] + rows[1], rows[2]), "DEMO")
    assert [row["primaryid"] for row in found] == ["3"]
    assert [(reject.line, reject.reason) for reject in rejects] == [
        (2, "47 fields where the layout has 24, as lines have that were joined")
    ]


def test_a_value_after_the_last_column_is_rejected(tmp_path):
    shifted = "$" + legacy_line(primaryid=1, caseid=1, reporter_country="FRANCE").removesuffix("$")
    found, rejects, _ = parse(legacy_demo(tmp_path, legacy_line(primaryid=2, caseid=2), shifted), "DEMO")
    assert [row["primaryid"] for row in found] == ["2"]
    assert [reject.line for reject in rejects] == [3]


def test_a_file_that_was_saved_again_may_name_its_trailing_blank(tmp_path):
    head = vintage_header(Archive("2012Q1").vintage, "DEMO").lower() + "$v24"
    (found,), rejects, _ = parse(legacy_demo(tmp_path, legacy_line(primaryid=1, caseid=9), head=head), "DEMO")
    assert (found["caseid"], rejects) == ("9", [])
