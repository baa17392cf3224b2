"""The `vigil` command as a process: every name leads somewhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vigil.cli.main import COMMANDS, SUBCOMMANDS


def vigil(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "vigil"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("name", [*SUBCOMMANDS, *COMMANDS])
def test_every_command_explains_itself(name):
    done = vigil(name, "--help")
    assert done.returncode == 0, done.stderr
    assert "Usage: vigil" in done.stdout


def test_no_name_stands_twice():
    assert not set(SUBCOMMANDS) & set(COMMANDS)


def test_a_command_that_does_not_exist_is_named_with_those_that_do():
    done = vigil("dance")
    assert done.returncode == 2
    assert "no command 'dance'" in done.stderr and "synth" in done.stderr
