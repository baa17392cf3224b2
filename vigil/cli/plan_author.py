"""Who last changed the change control plan, as version control says: four eyes looks at that person's signature."""

from __future__ import annotations

from pathlib import Path

from vigil.cli.revision import git

PLAN = "change_control/plan.yaml"
UNKNOWN = "unknown"
#: In front, as in ``airflow:ana``: what follows is still read as a name and an address.
UNCOMMITTED = "uncommitted:"
AUTHOR = "--format=%an <%ae>"


def plan_changed_by(project: Path) -> tuple[str, str | None]:
    """``Name <mail>`` of the last change's author, and a warning for whoever deploys.

    Changes that are not committed are the present git user's. ``unknown`` without git, and in a clone without the
    history that would tell.
    """
    status = git(project, "status", "--porcelain", "--", PLAN)
    if status is None:
        return UNKNOWN, f"{project} is no git checkout: nobody knows who changed {PLAN}, four eyes cannot tell either"
    if status:
        name, mail = git(project, "config", "user.name"), git(project, "config", "user.email")
        who = f"{name or UNKNOWN} <{mail or UNKNOWN}>"
        return f"{UNCOMMITTED}{who}", f"{PLAN} has changes that are not committed: they count as made by {who}"
    if git(project, "rev-parse", "--is-shallow-repository") == "true":
        return UNKNOWN, f"{project} is a clone without history: nobody knows who changed {PLAN}, fetch all of it"
    author = git(project, "log", "-1", AUTHOR, "--", PLAN)
    return (author, None) if author else (UNKNOWN, f"{PLAN} is not under version control: commit it")
