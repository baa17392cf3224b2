"""Which code a deployment carries: the commit of the checkout, marked where its files are not the commit's."""

from __future__ import annotations

import subprocess
from pathlib import Path

from vigil.code_revision import BARE, CHANGED
from vigil.digests import sha256_hex

GIT_LIMIT_SECONDS = 30


def code_revision(project: Path, code: bytes) -> str:
    """As ``vigil.code_revision`` writes it; ``code`` is the packaged code."""
    digest = sha256_hex(code)[:16]
    commit = git(project, "rev-parse", "HEAD")
    if commit is None:
        return f"{BARE}{digest}"
    return f"{commit}{CHANGED}{digest}" if git(project, "status", "--porcelain") else commit


def git(project: Path, *arguments: str) -> str | None:
    """The output of git in ``project``; ``None`` where there is no git or no repository."""
    try:
        result = subprocess.run(
            ["git", "-C", str(project), *arguments],
            capture_output=True,
            check=False,
            text=True,
            timeout=GIT_LIMIT_SECONDS,
        )
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return None
    return result.stdout.strip() if result.returncode == 0 else None
