from __future__ import annotations

import json

import typer
from typer.testing import CliRunner

from vigil.cases.synthetic.drift import SCENARIOS
from vigil.cli.synth import synth

app = typer.Typer()
app.command()(synth)


def run(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "160"})


def test_synthetic_quarters_are_written_and_counted_while_one_watches(tmp_path):
    done = run("--quarters", "2024Q1:2024Q2", "--cases", 60, "--out", tmp_path)
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "faers_ascii_2024q1_synthetic.zip",
        "faers_ascii_2024q2_synthetic.zip",
    ]
    assert "2024Q1: drawing 60 reports" in done.output
    assert "DELETE" in done.output and "all" in done.output


def test_programs_get_json_and_nothing_else(tmp_path):
    done = run("--quarters", "2024Q1", "--cases", 60, "--out", tmp_path, "--json")
    (written,) = json.loads(done.output)
    assert (written["quarter"], written["lines"]["DEMO"]) == ("2024Q1", 60)


def test_a_wrong_range_is_one_line_of_error(tmp_path):
    done = run("--quarters", "2024Q2:2024Q1", "--out", tmp_path)
    assert done.exit_code == 1
    assert done.output == "vigil synth: the range '2024Q2:2024Q1' runs backwards: write the older quarter first\n"


def test_drift_is_listed_and_a_name_that_is_none_of_them_is_refused_with_the_list(tmp_path):
    listed = run("--drift", "list").output
    assert all(name in listed for name in SCENARIOS)
    done = run("--drift", "weather", "--out", tmp_path / "none")
    assert done.exit_code == 1
    assert "no drift is named 'weather': choose among sender-batch" in done.output
    assert not (tmp_path / "none").exists()


def test_drift_may_begin_in_a_named_quarter(tmp_path):
    done = run("--quarters", "2024Q1", "--cases", 60, "--drift", "sex-null@2024Q9", "--out", tmp_path)
    assert done.exit_code == 1
    assert "--drift sex-null@2024Q9: '2024Q9' is not a quarter" in done.output
