from __future__ import annotations

import json

import pytest
from faers_archives import Archive, write_folder
from moto_stack import moto_stack
from typer.testing import CliRunner

from vigil.aws.landing import land
from vigil.cli.quarters import app


def run(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def stack(monkeypatch):
    with moto_stack(monkeypatch) as made:
        yield made


def test_landed_archives_are_told_as_json_for_programs(stack, tmp_path):
    path = Archive("2023Q1").report(1).write(tmp_path)
    done = run("land", "--json", path)
    assert json.loads(done.stdout) == [f"s3://{stack.parameters.buckets.raw}/landing/faers_ascii_2023q1.zip"]


def test_landed_archives_are_told_as_a_table_for_people(stack, tmp_path):
    done = run("land", Archive("2023Q1").report(1, reactions=["A"] * 3).write(tmp_path))
    assert done.exit_code == 0
    assert "2023Q1" in done.output and "/landing/faers_ascii_2023q1.zip" in done.output


def test_an_unpacked_quarter_lands_as_its_zip(stack, tmp_path):
    folder = write_folder(tmp_path / "unpacked", Archive("2023Q1").report(1).files())
    done = run("land", "--json", folder)
    (uri,) = json.loads(done.stdout)
    assert uri == f"s3://{stack.parameters.buckets.raw}/landing/faers_ascii_2023q1.zip"
    assert [archive.quarter for archive in land([uri])] == ["2023Q1"]


def test_a_bad_archive_is_one_line_of_error(stack, tmp_path):
    done = run("land", tmp_path / "nothing.zip")
    assert done.exit_code == 1
    assert "vigil quarters land: " in done.output and "does not exist" in done.output
