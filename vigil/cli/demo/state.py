"""Where the stack on one machine keeps what it makes: one folder, and the variables that lead to it."""

from __future__ import annotations

import json
import os
import secrets
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STACK = "demo"
REPOSITORY = Path(__file__).resolve().parents[3]
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TERM", "TMPDIR", "SSL_CERT_FILE")


class DemoError(RuntimeError):
    """Something stopped the demo; the text says what, and what to do."""


@dataclass(frozen=True)
class LocalState:
    """The state folder (default ``.vigil/``). Nothing outside of it is written, but for the environment."""

    root: Path

    @property
    def local_aws(self) -> Path:
        return self.root / "local_aws"

    @property
    def mail(self) -> Path:
        """What SNS and SES would send lies here as .eml files."""
        return self.root / "mail"

    @property
    def airflow(self) -> Path:
        return self.root / "airflow"

    @property
    def registry(self) -> Path:
        return self.root / "registry.git"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def processes(self) -> Path:
        return self.root / "processes"

    @property
    def quarters(self) -> Path:
        return self.root / "quarters"

    @property
    def shell_variables(self) -> Path:
        return self.root / "env.sh"

    def create(self) -> None:
        for folder in (self.root, self.local_aws, self.airflow, self.logs, self.processes, self.secrets):
            folder.mkdir(parents=True, exist_ok=True)
        self.secrets.chmod(0o700)

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    def password_file(self, user: str) -> Path:
        """A file (0600) with a password made for this stack; made on first use."""
        path = self.secrets / f"{user}.password"
        if not path.exists():
            # Upper and lower case, digits and a symbol: what Cognito's strictest default policy asks for.
            write_private(path, secrets.token_urlsafe(24) + "aA1!")
        return path

    def endpoint(self) -> str | None:
        """The URL of local_aws, if it ever ran with this folder."""
        return read_json(self.local_aws / "endpoint.json").get("url")


def aws_variables(endpoint: str) -> dict[str, str]:
    """All that differs between the two homes of the product: where AWS is, the stack's name, credentials."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "VIGIL_STACK": STACK,
    }


def child_variables(extra: dict[str, str]) -> dict[str, str]:
    """A small, known environment for the processes started here: nothing of the caller's AWS settings leaks in."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    inherited["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{inherited.get('PATH', os.defpath)}"
    return {**inherited, **extra}


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, never readable in between."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def write_shell_variables(state: LocalState, endpoint: str) -> None:
    """``source .vigil/env.sh`` lets the `vigil` and `aws` commands of a shell reach this stack."""
    lines = [f"export {name}='{value}'" for name, value in aws_variables(endpoint).items()]
    state.shell_variables.write_text("\n".join(["# source this file, then: vigil approvals list", *lines, ""]))


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file; empty where the file is absent or half-written by a process that was killed."""
    try:
        document = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on now; all are held while choosing, so they differ."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
