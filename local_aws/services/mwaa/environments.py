"""Environment files: which local Airflow stands for an MWAA environment.

::

    [environment]
    name = "analytics"
    url = "http://127.0.0.1:8080"            # where its API server answers
    username = "admin"
    password_file = "airflow-password"       # relative to this file: the password, or a JSON object by user name
    # password_variable = "AIRFLOW_PASSWORD" # instead of the file: a variable of the server's environment
    airflow_version = "3.3.0"                # what GetEnvironment tells; the next four as well
    execution_role_arn = "arn:aws:iam::123456789012:role/airflow"
    source_bucket_arn = "arn:aws:s3:::dags"
    dag_s3_path = "dags"
    environment_class = "mw1.small"
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

NAME = re.compile(r"[a-zA-Z][0-9a-zA-Z-_]{0,79}")
TOLD = {
    "airflow_version": "AirflowVersion",
    "execution_role_arn": "ExecutionRoleArn",
    "source_bucket_arn": "SourceBucketArn",
    "dag_s3_path": "DagS3Path",
    "environment_class": "EnvironmentClass",
}
KNOWN = {"name", "url", "username", "password_file", "password_variable", *TOLD}


class EnvironmentFileError(Exception):
    """An environment file is missing or wrong; the message names the file and the field."""


@dataclass(frozen=True)
class Airflow:
    """``told`` are the members that GetEnvironment gives as the file has them."""

    name: str
    url: str
    username: str
    password_file: Path | None
    password_variable: str | None
    told: dict[str, str]
    created: datetime

    def password(self) -> str:
        """Read at each use, because Airflow may have written a new one. Raises ``EnvironmentFileError``."""
        if self.password_variable is not None:
            if not (value := os.environ.get(self.password_variable)):
                raise EnvironmentFileError(f"the variable {self.password_variable} is not set: set it and start again")
            return value
        path = self.password_file or Path()
        try:
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise EnvironmentFileError(f"{path}: the password cannot be read: {type(error).__name__}") from error
        try:
            held = json.loads(text)
        except ValueError:
            return text
        if not isinstance(held, dict):
            return text
        if not isinstance(held.get(self.username), str):
            raise EnvironmentFileError(f"{path}: holds no password of {self.username}")
        return str(held[self.username])


def load_environments(paths: Iterable[Path]) -> dict[str, Airflow]:
    """Environments by name."""
    found: dict[str, Airflow] = {}
    for path in paths:
        environment = _load(path)
        if environment.name in found:
            raise EnvironmentFileError(f"{path}: environment.name {environment.name!r} is taken by another file")
        found[environment.name] = environment
    return found


def _load(path: Path) -> Airflow:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get("environment")
        created = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, ValueError) as error:
        raise EnvironmentFileError(f"{path}: cannot be read as TOML: {error}") from error
    if not isinstance(table, dict):
        raise EnvironmentFileError(f"{path}: has no [environment] table")
    for name, value in table.items():
        if name not in KNOWN or not isinstance(value, str) or not value:
            raise EnvironmentFileError(f"{path}: environment.{name} must be one of {sorted(KNOWN)} and a text")
    _check(path, table)
    return Airflow(
        name=table["name"],
        url=table["url"].rstrip("/"),
        username=table["username"],
        password_file=path.parent / table["password_file"] if "password_file" in table else None,
        password_variable=table.get("password_variable"),
        told={member: table[name] for name, member in TOLD.items() if name in table},
        created=created,
    )


def _check(path: Path, table: dict[str, Any]) -> None:
    for name in ("name", "url", "username"):
        if name not in table:
            raise EnvironmentFileError(f"{path}: environment.{name} is missing")
    if not NAME.fullmatch(table["name"]):
        raise EnvironmentFileError(f"{path}: environment.name must match {NAME.pattern}")
    if not table["url"].startswith(("http://", "https://")):
        raise EnvironmentFileError(f"{path}: environment.url must begin with http:// or https://")
    if ("password_file" in table) == ("password_variable" in table):
        raise EnvironmentFileError(f"{path}: environment needs password_file or password_variable, one of the two")
