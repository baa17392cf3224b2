from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from vigil.approvals.identity import is_same_person
from vigil.cli.plan_author import PLAN, plan_changed_by


def git(folder: Path, *arguments: str, author: str = "ana") -> None:
    identity = ["-c", f"user.name={author.title()}", "-c", f"user.email={author}@example.org"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True, timeout=30)


def change(folder: Path, file: str, text: str, author: str) -> None:
    (folder / file).write_text(text)
    git(folder, "add", file)
    git(folder, "commit", "--quiet", "-m", "change", author=author)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Ana made the plan, Ben changed something else."""
    folder = tmp_path / "checkout"
    (folder / "change_control").mkdir(parents=True)
    git(folder, "init", "--quiet")
    git(folder, "config", "user.name", "Carl")
    git(folder, "config", "user.email", "carl@example.org")
    change(folder, PLAN, "version: 1\n", "ana")
    change(folder, "other", "1\n", "ben")
    return folder


def test_it_is_the_author_of_the_plans_last_change_and_not_of_the_last_commit(checkout: Path) -> None:
    assert plan_changed_by(checkout) == ("Ana <ana@example.org>", None)
    change(checkout, PLAN, "version: 2\n", "ben")
    assert plan_changed_by(checkout) == ("Ben <ben@example.org>", None)


def test_changes_that_are_not_committed_are_the_present_users(checkout: Path) -> None:
    (checkout / PLAN).write_text("version: 3\n")
    who, warning = plan_changed_by(checkout)
    assert who == "uncommitted:Carl <carl@example.org>"
    assert warning is not None and "not committed" in warning
    assert all(is_same_person(who, name) for name in ("carl", "Carl", "carl@example.org")), (
        "four eyes looks at them too"
    )


def test_outside_git_nobody_knows_and_whoever_deploys_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    who, warning = plan_changed_by(tmp_path)
    assert who == "unknown"
    assert warning is not None and "no git checkout" in warning


def test_a_clone_without_history_names_nobody_instead_of_the_wrong_one(checkout: Path, tmp_path: Path) -> None:
    """There git says that whoever made the last commit made everything."""
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth", "1", checkout.as_uri(), str(shallow))
    who, warning = plan_changed_by(shallow)
    assert who == "unknown"
    assert warning is not None and "without history" in warning
