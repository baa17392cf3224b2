"""docker-compose.yml as far as it can be checked without an engine."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml


@pytest.fixture(scope="module")
def resolved(repository: Path) -> dict[str, Any]:
    """The file as docker-compose understands it, merges done."""
    if shutil.which("docker-compose") is None:
        pytest.fail("docker-compose is not installed: run scripts/install_debian_packages.sh")
    result = subprocess.run(
        ["docker-compose", "config"], cwd=repository, capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 0, result.stderr
    document: dict[str, Any] = yaml.safe_load(result.stdout)
    return document


def test_it_runs_postgres_airflows_four_and_local_aws(resolved: dict[str, Any]) -> None:
    four = {"airflow-api-server", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer"}
    assert set(resolved["services"]) == {"postgres", "local-aws", "stack", "airflow-database", *four}


def test_every_service_that_is_waited_for_is_defined(resolved: dict[str, Any]) -> None:
    for service in resolved["services"].values():
        assert set(service.get("depends_on", {})) <= set(resolved["services"])


def test_ports_are_published_to_this_machine_only(resolved: dict[str, Any]) -> None:
    ports = [port for service in resolved["services"].values() for port in service.get("ports", [])]
    assert ports
    for port in ports:
        assert str(port).startswith("127.0.0.1:") or port.get("host_ip") == "127.0.0.1", port


def test_no_secret_is_written_in_it(resolved: dict[str, Any]) -> None:
    for name, service in resolved["services"].items():
        for variable, value in service.get("environment", {}).items():
            if "PASSWORD" in variable or "SECRET" in variable or "CONN" in variable:
                indirect = variable.endswith(("_FILE", "_CMD")) or variable == "AWS_SECRET_ACCESS_KEY"
                assert indirect, (name, variable, value)


def test_every_file_and_folder_it_names_is_there(repository: Path, resolved: dict[str, Any]) -> None:
    for service in resolved["services"].values():
        if "build" in service:
            assert (repository / service["build"]["dockerfile"]).is_file()
        for volume in service.get("volumes", []):
            source = str(volume).partition(":")[0]
            if source.startswith("/"):
                assert Path(source).is_dir(), source


def test_its_airflow_and_its_deployment_name_the_same_stack(resolved: dict[str, Any]) -> None:
    services = resolved["services"]
    assert services["airflow-scheduler"]["environment"]["AIRFLOW__VIGIL__STACK"] == "demo"
    assert "--stack demo" in str(services["stack"]["command"])
    endpoint = services["airflow-scheduler"]["environment"]["AWS_ENDPOINT_URL"]
    assert f"--advertised-url={endpoint}" in services["local-aws"]["command"]
