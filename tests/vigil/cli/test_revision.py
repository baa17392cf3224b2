from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from vigil.cli.revision import code_revision
from vigil.digests import sha256_hex

CODE = b"zip"
DIGEST = sha256_hex(CODE)[:16]


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    result = subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True, text=True
    )
    return result.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "a.py").write_text("1\n")
    git(tmp_path, "add", "a.py")
    git(tmp_path, "commit", "--quiet", "-m", "one")
    return tmp_path


def test_a_clean_checkout_is_named_by_its_commit(checkout: Path) -> None:
    assert code_revision(checkout, CODE) == git(checkout, "rev-parse", "HEAD")


def test_a_changed_checkout_says_so_and_names_the_code(checkout: Path) -> None:
    (checkout / "a.py").write_text("2\n")
    assert code_revision(checkout, CODE) == f"{git(checkout, 'rev-parse', 'HEAD')}-changed-{DIGEST}"


def test_without_git_the_code_names_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert code_revision(tmp_path, CODE) == f"code-{DIGEST}"
