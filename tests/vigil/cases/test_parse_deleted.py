"""The list of cases that FDA deleted."""

from __future__ import annotations

from faers_archives import Archive

from vigil.cases.archive import open_archive
from vigil.cases.parse import parse_deleted


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


def test_a_byte_order_mark_costs_no_withdrawal(tmp_path):
    path = Archive().report(1).write(tmp_path, changes={"Deleted/DELETE23Q1.txt": b"\xef\xbb\xbf123\n456\n"})
    with open_archive(path) as archive:
        assert parse_deleted(archive).case_ids == [123, 456]
