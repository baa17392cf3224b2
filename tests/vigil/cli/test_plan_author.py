from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from candidate_evidence import facts_for, passing_evaluation, real_plan

from vigil.approvals.identity import changers, is_same_person
from vigil.approvals.quorum import has_stake
from vigil.cli.plan_author import PLAN, Deployed, PlanAuthorError, plan_changed_by

FIRST = Deployed()
ANA, BEN = "Ana <ana@example.org>", "Ben <ben@example.org>"


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


def deployed(folder: Path, changed_by: str, suffix: str = "") -> Deployed:
    """As the stack has it after a deployment of the checkout as it is now."""
    done = subprocess.run(["git", "-C", str(folder), "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return Deployed(done.stdout.strip() + suffix, changed_by)


def test_before_the_first_deployment_it_is_everybody_who_changed_the_plan_and_nobody_else(checkout: Path) -> None:
    assert plan_changed_by(checkout, FIRST) == (ANA, None)
    change(checkout, PLAN, "version: 2\n", "ben")
    change(checkout, PLAN, "version: 3\n", "ben")
    assert plan_changed_by(checkout, FIRST) == (f"{BEN}; {ANA}", None)


def test_who_rewrote_the_limits_keeps_the_stake_when_somebody_else_mends_a_comma(checkout: Path) -> None:
    last = deployed(checkout, ANA)
    change(checkout, PLAN, "version: 2\n", "pat")
    change(checkout, PLAN, "version: 2,\n", "ben")
    who, _ = plan_changed_by(checkout, last)
    assert who == f"{BEN}; Pat <pat@example.org>"
    plan = real_plan()
    facts = facts_for(passing_evaluation(plan), plan, plan_changed_by=who)
    assert [has_stake(facts, name) for name in ("pat", "pat@example.org", "Ben", "ana")] == [True, True, True, False]


def test_a_plan_that_was_not_changed_since_keeps_its_people(checkout: Path) -> None:
    both = f"{BEN}; {ANA}"
    assert plan_changed_by(checkout, deployed(checkout, both))[0] == both
    assert plan_changed_by(checkout, deployed(checkout, "unknown"))[0] == ANA, "git knows by now"


def test_what_was_deployed_from_no_commit_alone_keeps_its_people_beside_the_new_ones(checkout: Path) -> None:
    last = deployed(checkout, "uncommitted:Carl <carl@example.org>", "-changed-0123")
    change(checkout, PLAN, "version: 2\n", "ben")  # Carl's change, under Ben's name
    assert plan_changed_by(checkout, last)[0] == f"{BEN}; uncommitted:Carl <carl@example.org>"


@pytest.mark.parametrize("revision", ["f" * 40, "code-0123456789abcdef"])
def test_after_a_deployment_that_this_history_does_not_know_it_is_everybody(checkout: Path, revision: str) -> None:
    change(checkout, PLAN, "version: 2\n", "ben")
    assert plan_changed_by(checkout, Deployed(revision, BEN))[0] == f"{BEN}; {ANA}"


def test_changes_that_are_not_committed_are_the_present_users(checkout: Path) -> None:
    (checkout / PLAN).write_text("version: 3\n")
    who, warning = plan_changed_by(checkout, FIRST)
    assert who == f"uncommitted:Carl <carl@example.org>; {ANA}"
    assert warning is not None and "not committed" in warning
    carl = changers(who)[0]
    assert all(is_same_person(carl, name) for name in ("carl", "Carl", "carl@example.org")), (
        "four eyes looks at them too"
    )


def test_outside_git_nobody_knows_and_only_who_says_so_deploys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(PlanAuthorError, match=r"no git checkout.*--allow-unknown-plan-author"):
        plan_changed_by(tmp_path, FIRST)
    who, warning = plan_changed_by(tmp_path, FIRST, allow_unknown=True)
    assert who == "unknown"
    assert warning is not None and "no git checkout" in warning


def test_a_clone_without_history_names_nobody_instead_of_the_wrong_one(checkout: Path, tmp_path: Path) -> None:
    """There git says that whoever made the last commit made everything."""
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth", "1", checkout.as_uri(), str(shallow))
    with pytest.raises(PlanAuthorError, match="fetch all of it"):
        plan_changed_by(shallow, FIRST)
    who, warning = plan_changed_by(shallow, FIRST, allow_unknown=True)
    assert who == "unknown"
    assert warning is not None and "without history" in warning
