"""Rules that hold for the tree as a whole."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

BRIEF = (
    "dags", "plugins", "statemachines", "tasks", "dvc.yaml", "data", "tests", "docker-compose.yml", "README.md",
)  # fmt: skip
# Spelt in parts, so that this file does not hold what it looks for.
NOT_TO_BE_NAMED = re.compile(
    "|".join(["pypi" + r"\.org", "python" + "hosted", "registry" + r"\.npmjs", "/ro" + "ot/", "/wo" + "rk/"])
)
MAX_LINES = 300


def tracked(repository: Path) -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=repository, capture_output=True, text=True, check=True, timeout=60)
    return [path for name in listed.stdout.splitlines() if (path := repository / name).is_file()]


@pytest.mark.parametrize("name", BRIEF)
def test_every_top_level_name_of_the_brief_exists(repository: Path, name: str) -> None:
    path = repository / name
    assert path.exists()
    assert path.is_file() or any(path.iterdir())


def test_no_file_names_a_machines_path_or_a_registrys_host(repository: Path) -> None:
    found = []
    for path in tracked(repository):
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(repository)}: {match}" for match in NOT_TO_BE_NAMED.findall(text)]
    assert not found


def test_source_files_are_short(repository: Path) -> None:
    long = {
        str(path.relative_to(repository)): lines
        for path in tracked(repository)
        if path.suffix == ".py" and (lines := path.read_text().count("\n")) > MAX_LINES
    }
    assert not long


def test_no_real_report_is_tracked(repository: Path) -> None:
    """FAERS archives and tables stay out of the repository, whatever their name."""
    assert not [path for path in tracked(repository) if path.suffix.lower() in {".zip", ".parquet"}]
    header = "primaryid$caseid$" + "caseversion$i_f_code"
    for path in tracked(repository):
        if path.suffix.lower() == ".txt":
            assert header not in path.read_text(errors="replace")
