"""The demo's Airflow as an MWAA environment: what functions of the stack reach by ``InvokeRestApi``."""

from __future__ import annotations

from pathlib import Path

from vigil.cli.demo import airflow_server, local_aws_server
from vigil.cli.demo.state import LocalState

NAME = "vigil-demo"


def write(state: LocalState) -> Path:
    """The environment file that `local_aws` reads when it starts. Where the address has changed, it starts again."""
    path = state.airflow / "mwaa.toml"
    user = airflow_server.RETRAINER
    text = "\n".join(
        [
            "[environment]",
            f'name = "{NAME}"',
            f'url = "{airflow_server.address(state)}"',
            f'username = "{user}"',
            f'password_file = "{airflow_server.password_file(state, user).resolve()}"',
            "",
        ]
    )
    if path.exists() and path.read_text() != text:
        local_aws_server.stop(state)
    path.write_text(text)
    return path
