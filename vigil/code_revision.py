"""How a revision of code is written, and what it says of whether that code can be fetched again.

``<commit>``; ``<commit>-changed-<digest>`` where files were not the commit's; ``code-<digest>`` without version
control. The digest is the beginning of the SHA-256 of the packaged code.
"""

from __future__ import annotations

CHANGED, BARE = "-changed-", "code-"


def told(revision: str) -> str:
    """The revision, with what its form means where that is not a commit and nothing else."""
    if CHANGED in revision:
        return f"{revision} (with changes that were not committed)"
    return f"{revision} (not under version control)" if revision.startswith(BARE) else revision


def limit(revision: str) -> str | None:
    """Why the code cannot be fetched again by this revision; None where it can, as far as its form says."""
    kept = "only the package itself is kept, in the bucket that it was deployed from, under a SHA-256 that begins with"
    if CHANGED in revision:
        commit, _, digest = revision.partition(CHANGED)
        return (
            f"it had changes that were not committed: of it version control has commit {commit}, and {kept} {digest}."
        )
    if revision.startswith(BARE):
        return f"it was under no version control: {kept} {revision.removeprefix(BARE)}."
    return None
