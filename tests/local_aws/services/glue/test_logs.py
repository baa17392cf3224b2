"""The one line that says why a run failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from local_aws.services.glue.logs import error_message


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        (
            "Traceback (most recent call last):\n  File 'x'\nvigil.cases.LayoutError: no DEMO\n",
            "vigil.cases.LayoutError: no DEMO",
        ),
        ("ValueError: first\nTraceback (most recent call last):\nKeyError: 'last'\nbye\n", "KeyError: 'last'"),
        ("error: give --output\n\n", "error: give --output"),
        ("KeyboardInterrupt\n", "KeyboardInterrupt"),
        ("", "The script ended with exit code 3"),
    ],
)
def test_the_last_error_line_is_found(tmp_path: Path, log: str, expected: str) -> None:
    (tmp_path / "run.log").write_text(log)
    assert error_message(tmp_path / "run.log", 3) == expected


def test_a_long_line_is_cut(tmp_path: Path) -> None:
    (tmp_path / "run.log").write_text("ValueError: " + "x" * 5000)
    assert len(error_message(tmp_path / "run.log", 1)) == 1024
