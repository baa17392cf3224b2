"""One run of the whole job for the session: `vigil demo` as a person runs it, in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from running_stack import APPROVE_AS, RunningStack

# The job takes about five minutes on two idle cores; a developer's may be busy.
DEMO_LIMIT_SECONDS = 1500


@pytest.fixture(scope="session")
def running_stack(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """`vigil demo`, on real quarters where they are there, signed unattended; its stack stays for the tests.

    ``VIGIL_E2E_STATE`` names the state folder of a demo that ended well and runs (its output in ``demo.log``), for
    work on these tests; it is left running.
    """
    if running := os.environ.get("VIGIL_E2E_STATE"):
        yield RunningStack(Path(running), repository, (Path(running) / "demo.log").read_text(), 0)
        return
    state_dir = tmp_path_factory.mktemp("vigil-e2e")
    archives = sorted((repository.parent / "shared" / "data" / "faers").glob("faers_ascii_2023q*_sample.zip"))
    command = [str(Path(sys.executable).parent / "vigil"), "demo", "--state-dir", str(state_dir)]
    command += [word for archive in archives for word in ("--archive", str(archive))] + ["--approve-as", APPROVE_AS]
    output = state_dir / "demo.log"
    with output.open("w") as log:
        process = subprocess.Popen(
            command, cwd=repository, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
        )
        try:
            code = process.wait(DEMO_LIMIT_SECONDS)
            assert code == 0, _what_went_wrong(output, state_dir)
            yield RunningStack(state_dir, repository, output.read_text(), process.pid)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(120)
            stop = [str(Path(sys.executable).parent / "vigil"), "stop", "--state-dir", str(state_dir)]
            subprocess.run(stop, cwd=repository, check=True, timeout=300, capture_output=True)


def _what_went_wrong(output: Path, state_dir: Path) -> str:
    tails = [output, *sorted((state_dir / "logs").glob("*.log"))]
    return "\n".join(f"--- {path.name}\n{path.read_text(errors='replace')[-4000:]}" for path in tails)
