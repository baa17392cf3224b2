"""A stack that was just deployed, for each file that wants one: deployed once in a process, then put back as it was.

A deployment takes longer than most files that need one. What it left in the server's folder is kept aside; each file
gets a copy of it at the same place and port, which the stack's own parameters name, and a server started on that. So
no file sees what another has done.
"""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from airflow_stand_in import NAME as ENVIRONMENT
from airflow_stand_in import airflow_settings
from local_server import LocalServer, aws_variables

from vigil.aws.environment import StackParameters, aws_client, load_parameters

VIGIL = str(Path(sys.executable).parent / "vigil")
STACK = "deployed"
IMAGE = f"localhost/vigil-ml@sha256:{'0a' * 32}"
SENDER = "vigil@example.org"
AIRFLOW_URL = "https://airflow.example.org"


@dataclass(frozen=True)
class FreshStack:
    """The stack, its server, and a folder for a test's files; ``outbox`` has the mail that the stack sent."""

    server: LocalServer
    parameters: StackParameters
    folder: Path
    outbox: Path


class Deployment:
    """Deploys into ``folder``, with roles enforced; ``fresh`` gives what this left, as often as it is asked.

    Behind its MWAA environment nothing answers, unless ``airflow_settings`` has named an address in ``folder`` before.
    """

    def __init__(self, repository: Path, folder: Path) -> None:
        self.folder, self._kept = folder, folder / "as-deployed"
        self._state, self._outbox = folder / "local_aws", folder / "mail"
        airflow = airflow_settings(folder, f"http://127.0.0.1:{_unused_port()}")
        self._options = ["--iam", "enforce", "--mail-dir", str(self._outbox), "--port", str(_unused_port())]
        self._options += ["--mwaa-environment", str(airflow)]
        command = [VIGIL, "stack", "deploy", "--stack", STACK, "--image", IMAGE, "--mail-sender", SENDER]
        command += ["--registry-url", (folder / "registry.git").as_uri(), "--airflow-url", AIRFLOW_URL]
        command += ["--airflow-environment", ENVIRONMENT, "--allow-unknown-plan-author"]
        with self._running():
            result = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=300, check=False)
            assert result.returncode == 0, result.stderr
            aws_client("ses").verify_email_identity(EmailAddress=SENDER)
        self._state.rename(self._kept)

    @contextmanager
    def fresh(self, images: Sequence[Path] = ()) -> Iterator[FreshStack]:
        """``images``: files that describe what stands in for the stack's image."""
        for left in (self._state, self._outbox):
            shutil.rmtree(left, ignore_errors=True)
        shutil.copytree(self._kept, self._state, symlinks=True)
        with self._running(images) as server:
            yield FreshStack(server, load_parameters(), self.folder, self._outbox)

    @contextmanager
    def _running(self, images: Sequence[Path] = ()) -> Iterator[LocalServer]:
        with LocalServer(self._state, images=[*images], options=self._options) as server, aws_variables(server.url):
            os.environ["VIGIL_STACK"] = STACK
            aws_client.cache_clear()
            yield server
            aws_client.cache_clear()


def _unused_port() -> int:
    """Below those that the system gives out, so that nobody takes it while the server is down."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
