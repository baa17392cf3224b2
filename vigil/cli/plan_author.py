"""Who changed the change control plan, as version control says: four eyes looks at these people's signatures.

All who changed it since the stack was deployed last, not only the newest: else who rewrote a limit would lose the stake
as soon as somebody else mends a comma.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from vigil.approvals.identity import CHANGERS_APART, changers
from vigil.cli.revision import git

PLAN = "change_control/plan.yaml"
UNKNOWN = "unknown"
#: In front, as in ``airflow:ana``: what follows is still read as a name and an address.
UNCOMMITTED = "uncommitted:"
AUTHOR = "--format=%an <%ae>"
COMMIT = re.compile(r"[0-9a-f]{40}")
LONGEST = 4000  # characters: CloudFormation takes 4,096 bytes in a parameter, Parameter Store 4 KB


class PlanAuthorError(Exception):
    """Nobody knows who changed the plan, so half of four eyes would be off; the message says what to do."""


@dataclass(frozen=True)
class Deployed:
    """What the stack was deployed with last: ``code_revision`` and ``plan_changed_by``; empty before the first time."""

    code_revision: str = ""
    plan_changed_by: str = ""


def plan_changed_by(project: Path, last: Deployed, allow_unknown: bool = False) -> tuple[str, str | None]:
    """``Name <mail>`` of each author, the newest first and apart by ``CHANGERS_APART``; a warning for whoever deploys.

    Changes that are not committed are the present git user's. Raises ``PlanAuthorError`` without git, and in a clone
    without the history that would tell; with ``allow_unknown`` it is ``unknown`` then.
    """
    try:
        return _found(project, last)
    except PlanAuthorError as error:
        if not allow_unknown:
            raise PlanAuthorError(f"{error}, or give --allow-unknown-plan-author and deploy without") from None
        return UNKNOWN, f"{error}; four eyes cannot tell either"


def _found(project: Path, last: Deployed) -> tuple[str, str | None]:
    status = git(project, "status", "--porcelain", "--", PLAN)
    if status is None:
        raise PlanAuthorError(f"{project} is no git checkout: nobody knows who changed {PLAN}: deploy a checkout")
    if git(project, "rev-parse", "--is-shallow-repository") == "true":
        raise PlanAuthorError(f"{project} is a clone without history: nobody knows who changed {PLAN}: fetch all of it")
    authors, warning = _committed(project, last), None
    if status:
        name, mail = git(project, "config", "user.name"), git(project, "config", "user.email")
        who = f"{name or UNKNOWN} <{mail or UNKNOWN}>"
        warning = f"{PLAN} has changes that are not committed: they count as made by {who}"
        authors = [f"{UNCOMMITTED}{who}", *authors]
    if not authors:
        raise PlanAuthorError(f"{PLAN} is not under version control: commit it")
    told = CHANGERS_APART.join(dict.fromkeys(authors))
    if len(told) > LONGEST:
        raise PlanAuthorError(f"too many people changed {PLAN} since the last deployment to name them all")
    return told, warning


def _committed(project: Path, last: Deployed) -> list[str]:
    """Since the commit that was deployed last; all of the file where that is unknown here. A plan that has not changed
    since keeps the people with whom it was deployed, and so does one that was deployed from no commit alone."""
    since = COMMIT.match(last.code_revision)
    if since is None or git(project, "merge-base", "--is-ancestor", since.group(), "HEAD") is None:
        return _authors(project, "HEAD")
    authors = _authors(project, f"{since.group()}..HEAD")
    if authors and since.group() == last.code_revision:
        return authors
    kept = [each for each in changers(last.plan_changed_by) if each]
    return _authors(project, "HEAD") if not kept or UNKNOWN in kept else [*authors, *kept]


def _authors(project: Path, commits: str) -> list[str]:
    return (git(project, "log", AUTHOR, commits, "--", PLAN) or "").splitlines()
