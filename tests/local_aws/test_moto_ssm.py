"""A server is up before moto's EC2 would be read, and whoever asks for EC2 has it all the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
import local_aws.server
from local_aws.moto_ssm import ssm_backends
from local_aws.services import registry

registry.load()
print([name for name in sys.modules if name.startswith("moto.ec2")])
from moto.ssm import models
backend = models.ec2_backends["123456789012"]["us-east-1"]
print(backend.all_reservations(), backend is __import__("moto.ec2").ec2.ec2_backends["123456789012"]["us-east-1"])
"""


def test_a_server_is_loaded_without_ec2_and_ssm_finds_it_when_it_asks(repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=repository, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.splitlines() == ["[]", "[] True"]
