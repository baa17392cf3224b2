"""Where a secret may come from: a file that only its owner reads, standard input, or a prompt. Never an argument."""

from __future__ import annotations

import getpass
import stat
import sys
from pathlib import Path

from pydantic import SecretStr

OTHERS = stat.S_IRWXG | stat.S_IRWXO


class PasswordSourceError(Exception):
    """The password cannot be read, or others can read it too; the message says what to do."""

    exit_code = 2  # wrong usage


def read_password(file: Path | None, from_stdin: bool, prompt: str = "Password: ") -> SecretStr:
    """One line; the line's end does not belong to it. Raises ``PasswordSourceError``."""
    if file is not None and from_stdin:
        raise PasswordSourceError("give either --password-file or --password-stdin")
    if file is not None:
        text = _read_file(file)
    elif from_stdin:
        text = sys.stdin.readline()
    elif sys.stdin.isatty():
        text = getpass.getpass(prompt)
    else:
        raise PasswordSourceError("nobody can type a password here: give --password-file or --password-stdin")
    password = text.rstrip("\r\n")
    if not password:
        raise PasswordSourceError("the password is empty")
    return SecretStr(password)


def read_token(file: Path) -> SecretStr:
    """An ID token from a file that only its owner reads. Raises ``PasswordSourceError``."""
    token = _read_file(file, advice="and sign in again").strip()
    if not token:
        raise PasswordSourceError(f"{file} is empty: put the provider's ID token there")
    return SecretStr(token)


def _read_file(file: Path, advice: str = "and change the password") -> str:
    try:
        mode = file.stat().st_mode
        if mode & OTHERS:
            raise PasswordSourceError(f"others may read {file}: run `chmod 600 {file}` {advice}")
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise PasswordSourceError(f"{file} cannot be read: {error.strerror}") from None
