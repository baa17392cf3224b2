"""The DVC data registry: a git repository that pins the S3 version id of every object of each dataset version.

It holds ``<name>/<version>.dvc`` and the tag ``<name>-<first 12 of version>``, never data. One file for each version
means that two releases never change the same file, so a rejected push can always be rebased. An import pins ETag and
version id but no content checksum; the manifest stored with the data has that.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from vigil.datasets.manifest import SHORT_LENGTH

IDENTITY = "Vigil release"
EMAIL = "release@vigil.invalid"
# The same commit whoever releases: nothing of the person's or machine's own git settings.
GIT_SETTINGS = (
    f"user.name={IDENTITY}",
    f"user.email={EMAIL}",
    "commit.gpgSign=false",
    "tag.gpgSign=false",
    "core.hooksPath=/dev/null",
)
BRANCH = "main"
PUSH_ATTEMPTS = 5
GIT_TIMEOUT_SECONDS = 120
DVC_TIMEOUT_SECONDS = 1800  # a full history is some gigabytes
# The first commit is the same wherever it is made, so two first releases at once start one history.
FIRST_COMMIT_DATE = "2014-07-01T00:00:00+0000"
SHOWN_OUTPUT = 1000
CREDENTIAL = re.compile(r"//[^/@\s]+@")


class RegistryError(Exception):
    """The registry could not be read or written; the message says which step failed. It never holds the URL."""


@dataclass(frozen=True)
class Registry:
    """A data registry at ``url``, which may hold a credential and is therefore never shown."""

    url: str

    def has(self, tag: str) -> bool:
        """Whether a version was registered under ``tag``."""
        return bool(self._git(Path(), "ls-remote", "--tags", self.url, f"refs/tags/{tag}").strip())

    def register(self, name: str, version: str, source: str, when: datetime) -> bool:
        """Pin the objects below ``source`` as a version; false when it was registered already.

        Works in a fresh clone. A rejected push is fetched, rebased and tried again, a limited number of times.
        """
        tag = tag_of(name, version)
        if self.has(tag):
            return False
        with tempfile.TemporaryDirectory(prefix="vigil-registry-") as temporary:
            clone = Path(temporary) / "registry"
            self._clone(clone)
            self._import(clone, name, version, source)
            self._git(clone, "add", "--all")
            date = when.isoformat()
            self._git(clone, "commit", "--quiet", "-m", f"Release {name} {version}", date=date)
            return self._push(clone, tag, f"{name} {version}", date)

    def get(self, name: str, version: str, target: Path) -> None:
        """Download a version's files into the folder ``target``, as they were when it was registered.

        ``version`` may be shortened to 12 characters. The caller verifies the manifest. Raises ``RegistryError``.
        """
        tag = tag_of(name, version)
        if not self.has(tag):
            raise RegistryError(f"the registry has no version {version} of {name}: look at its tags {name}-…")
        with tempfile.TemporaryDirectory(prefix="vigil-registry-") as temporary:
            # DVC reads a clone rather than the URL: it cannot read a bare repository named by its path.
            clone = Path(temporary) / "registry"
            self._git(Path(), "clone", "--quiet", "--branch", tag, "--depth", "1", self.url, str(clone))
            registered = [path.relative_to(clone) for path in sorted((clone / name).glob(f"{version}*.dvc"))]
            if not registered:
                raise RegistryError(f"the tag {tag} holds no version {version} of {name}: was the registry rewritten?")
            target.resolve().parent.mkdir(parents=True, exist_ok=True)
            path = registered[0].with_suffix("").as_posix()
            self._dvc(clone, "get", "--quiet", ".", path, "--out", str(target.resolve()))

    def _clone(self, clone: Path) -> None:
        self._git(Path(), "clone", "--quiet", self.url, str(clone))
        if self._git(clone, "branch", "--remotes", "--list", f"origin/{BRANCH}").strip():
            self._git(clone, "checkout", "--quiet", "-B", BRANCH, f"origin/{BRANCH}")
            return
        self._git(clone, "symbolic-ref", "HEAD", f"refs/heads/{BRANCH}")
        self._dvc(clone, "init", "--quiet")
        (clone / ".dvc/config").write_text("[core]\n    analytics = false\n", encoding="utf-8")
        (clone / ".gitattributes").write_text(".gitignore merge=union\n", encoding="utf-8")
        self._git(clone, "add", "--all")
        self._git(clone, "commit", "--quiet", "-m", "Start the data registry", date=FIRST_COMMIT_DATE)

    def _import(self, clone: Path, name: str, version: str, source: str) -> None:
        (clone / name).mkdir(exist_ok=True)
        command = ["import-url", "--quiet", "--version-aware", "--no-download", "--force"]
        self._dvc(clone, *command, source.rstrip("/"), f"{name}/{version}")

    def _push(self, clone: Path, tag: str, message: str, date: str) -> bool:
        for attempt in range(1, PUSH_ATTEMPTS + 1):
            self._git(clone, "tag", "--force", "--annotate", tag, "-m", message, date=date)
            try:
                pushed = self._git(clone, "push", "--porcelain", "--atomic", "origin", BRANCH, f"refs/tags/{tag}")
            except RegistryError:
                if self.has(tag):  # another release of the same version was first
                    return False
                if attempt == PUSH_ATTEMPTS:
                    raise
                self._git(clone, "fetch", "--quiet", "origin")
                self._git(clone, "rebase", "--quiet", f"origin/{BRANCH}", date=date)
            else:
                # `=` marks what was there already: another release of this version made the very same commit.
                return f"=\trefs/tags/{tag}:" not in pushed
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _git(self, folder: Path, *arguments: str, date: str | None = None) -> str:
        options = [part for setting in GIT_SETTINGS for part in ("-c", setting)]
        # `env` adds to the environment without this module having to read it.
        variables = [
            "GIT_TERMINAL_PROMPT=0",
            *([f"GIT_AUTHOR_DATE={date}", f"GIT_COMMITTER_DATE={date}"] if date else []),
        ]
        command = ["env", *variables, "git", *options, "-C", str(folder), *arguments]
        return self._run(command, f"git {arguments[0]}", folder, GIT_TIMEOUT_SECONDS)

    def _dvc(self, folder: Path, *arguments: str) -> str:
        with tempfile.TemporaryDirectory(prefix="vigil-dvc-") as own:  # else DVC keeps an index in /var/tmp for ever
            variables = ["DVC_NO_ANALYTICS=1", f"DVC_SITE_CACHE_DIR={own}"]
            command = ["env", *variables, sys.executable, "-m", "dvc", *arguments]
            return self._run(command, f"dvc {arguments[0]}", folder, DVC_TIMEOUT_SECONDS)

    def _run(self, command: Sequence[str], step: str, folder: Path, timeout: int) -> str:
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=timeout, check=True)
        except subprocess.TimeoutExpired:
            raise RegistryError(f"`{step}` on the data registry took longer than {timeout} s") from None
        except subprocess.CalledProcessError as error:
            said = self._without_secrets(error.stderr or error.stdout or "").strip()[-SHOWN_OUTPUT:]
            raise RegistryError(f"`{step}` on the data registry failed with {error.returncode}: {said}") from None
        return done.stdout

    def _without_secrets(self, text: str) -> str:
        return CREDENTIAL.sub("//", text.replace(self.url, "<registry>"))


def tag_of(name: str, version: str) -> str:
    return f"{name}-{version[:SHORT_LENGTH]}"
