"""What the documentation points at is there: files, headings, and the commands and options that it shows."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest
import typer.main

from vigil.cli.main import build

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)
CALL = re.compile(r"\$ (?:\w+=\S+ )?(?:\.venv/bin/)?vigil (.+)")
PROSE = re.compile(r"`(?:\.venv/bin/)?vigil ([a-z][^`…]*)`")


def pages(repository: Path) -> list[Path]:
    listed = ["git", "ls-files", "*.md"]
    names = subprocess.run(listed, cwd=repository, capture_output=True, text=True, check=True, timeout=60).stdout
    return [repository / name for name in names.splitlines()]


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of headings: lower case, without punctuation, hyphens for spaces."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_between_files_leads_to_a_file_and_a_heading(repository: Path) -> None:
    broken = []
    for page in pages(repository):
        for link in LINK.findall(page.read_text()):
            name, _, heading = link.partition("#")
            if "://" in link or link.startswith("mailto:"):
                continue
            target = (page.parent / name).resolve() if name else page
            if not target.exists() or (heading and heading not in anchors(target)):
                broken.append(f"{page.relative_to(repository)}: {link}")
    assert not broken


@pytest.fixture(scope="module")
def command() -> click.Command:
    return typer.main.get_command(build([]))


def fault(command: click.Command, call: str) -> str | None:
    """What of the call does not exist; None where all does."""
    words = shlex.split(call, comments=True)
    while words and hasattr(command, "commands"):
        word = words.pop(0)
        if word.startswith("-"):
            return None
        if word not in command.commands:
            return f"there is no {word!r} in {command.name!r}"
        command = command.commands[word]
    known = {name for parameter in command.params for name in [*parameter.opts, *parameter.secondary_opts]} | {"--help"}
    options = [word.strip("[]").split("=")[0] for word in words if word.strip("[]").startswith("--")]
    return next((f"{command.name!r} has no {name}" for name in options if name not in known), None)


def test_every_command_shown_exists_with_its_options(repository: Path, command: click.Command) -> None:
    wrong, seen = [], 0
    for page in pages(repository):
        text = page.read_text()
        shown = [call for block in CONSOLE.findall(text) for call in CALL.findall(block.replace("\\\n", " "))]
        for call in [*shown, *PROSE.findall(text)]:
            seen += 1
            if (found := fault(command, call)) is not None:
                wrong.append(f"{page.relative_to(repository)}: vigil {call}: {found}")
    assert not wrong
    assert seen > 30


@pytest.mark.parametrize("call", ["approvals decide X", "audit verify --never", "aproval list"])
def test_a_command_or_option_that_is_not_there_is_found(command: click.Command, call: str) -> None:
    assert fault(command, call) is not None
    assert fault(command, "stack deploy --stack NAME") is None


def test_every_module_that_the_architecture_names_is_there(repository: Path) -> None:
    text = (repository / "docs" / "architecture.md").read_text()
    for name in re.findall(r"`(vigil(?:\.\w+)+)`", text):
        path = repository / name.replace(".", "/")
        assert path.exists() or path.with_suffix(".py").exists() or path.parent.with_suffix(".py").exists(), name
    for name in re.findall(r"`((?:vigil|plugins|tests|tasks|change_control)/[\w/.]+)`", text):
        assert (repository / name).exists(), name
