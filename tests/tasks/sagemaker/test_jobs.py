"""The entry points as the platform starts them: real processes, folders, exit codes, signals."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from triage_cases import QUICK, pack_model, quick_plan, write_dataset, write_job_inputs

from vigil.digests import tree_digest

REPOSITORY = Path(__file__).resolve().parents[3]
STARTS_WITHIN_SECONDS = 60
CASE = {"case_id": "1", "reactions": ["nausea", "hepatic failure"]}


def command(job: str, root: Path) -> list[str]:
    return [sys.executable, "-m", "tasks.sagemaker", job, "--root", str(root)]


def environment(**variables: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], **variables}


def run(job: str, root: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(job, root), cwd=REPOSITORY, env=environment(**variables), capture_output=True, text=True, timeout=120
    )


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dataset")
    write_dataset(folder)
    return folder


@pytest.fixture(scope="module")
def trained(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of a training job that has run."""
    root = tmp_path_factory.mktemp("job")
    write_job_inputs(root, dataset, quick_plan(), QUICK)
    done = run("train", root)
    assert done.returncode == 0, done.stderr
    assert "tree member 3 of 3 fitted" in done.stdout
    return root


def test_two_processes_train_the_same_artefact(dataset: Path, trained: Path, tmp_path: Path) -> None:
    write_job_inputs(tmp_path, dataset, quick_plan(), QUICK)
    assert run("train", tmp_path, PYTHONHASHSEED="12345").returncode == 0
    assert tree_digest(tmp_path / "model") == tree_digest(trained / "model")


def test_two_processes_write_the_same_evaluation(trained: Path) -> None:
    pack_model(trained)
    written = []
    for hash_seed in ("1", "2"):
        done = run("evaluate", trained, VIGIL_CODE_REVISION="revision-1", PYTHONHASHSEED=hash_seed)
        assert done.returncode == 0, done.stderr
        written.append((trained / "processing/output/evaluation.json").read_bytes())
    assert written[0] == written[1]


def test_a_failed_training_says_why_where_the_platform_looks(dataset: Path, tmp_path: Path) -> None:
    write_job_inputs(tmp_path, dataset, quick_plan(), {"max_depth": "99", "x" * 2000: "1"})
    done = run("train", tmp_path)
    failure = (tmp_path / "output/failure").read_text()
    assert done.returncode == 1
    assert failure.startswith("HyperparameterError: ")
    assert len(failure) <= 1024
    assert not (tmp_path / "model").exists()


def test_a_librarys_message_is_not_told_since_it_may_quote_a_report(dataset: Path, tmp_path: Path) -> None:
    write_job_inputs(tmp_path, dataset, quick_plan(), QUICK)
    (tmp_path / "input/config/hyperparameters.json").write_bytes(b"\xffJANE DOE")
    done = run("train", tmp_path)
    failure = (tmp_path / "output/failure").read_text()
    assert done.returncode == 1
    assert failure.startswith("UnicodeDecodeError at vigil.models.jobs:")
    assert "byte 0xff" not in failure + done.stderr


def test_a_failed_evaluation_says_why_where_the_platform_looks(dataset: Path, tmp_path: Path) -> None:
    write_job_inputs(tmp_path, dataset, quick_plan(), QUICK)
    assert run("evaluate", tmp_path, VIGIL_CODE_REVISION="revision-1").returncode == 1
    assert "model.tar.gz is missing" in (tmp_path / "output/message").read_text()


def test_an_evaluation_without_a_code_revision_fails(trained: Path) -> None:
    done = run("evaluate", trained)
    assert done.returncode == 1
    assert "VIGIL_CODE_REVISION" in done.stderr


def test_an_unknown_job_is_refused(tmp_path: Path) -> None:
    assert run("predict", tmp_path).returncode == 2


@pytest.mark.parametrize("digest", ["f" * 64, ""])
def test_a_model_that_is_not_the_approved_one_is_not_served(trained: Path, digest: str) -> None:
    done = run("serve", trained, VIGIL_ARTEFACT_DIGEST=digest, SAGEMAKER_BIND_TO_PORT=str(free_port()))
    assert done.returncode == 1
    assert "refusing to serve" in done.stderr or "VIGIL_ARTEFACT_DIGEST is not set" in done.stderr


@dataclass(frozen=True)
class Server:
    process: subprocess.Popen[str]
    port: int

    def get(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", path)
        return connection.getresponse().status

    def score(self, cases: list[dict[str, object]]) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", "/invocations", json.dumps({"cases": cases}), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(root: Path) -> Iterator[Server]:
    port = free_port()
    variables = {"VIGIL_ARTEFACT_DIGEST": tree_digest(root / "model"), "SAGEMAKER_BIND_TO_PORT": str(port)}
    process = subprocess.Popen(
        command("serve", root), cwd=REPOSITORY, env=environment(**variables), stdout=subprocess.PIPE, text=True
    )
    try:
        server = Server(process, port)
        wait_until_it_answers(server)
        yield server
    finally:
        process.kill()
        process.wait(timeout=60)


def wait_until_it_answers(server: Server) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_SECONDS
    while time.monotonic() < deadline:
        assert server.process.poll() is None, "the server ended before it answered"
        try:
            assert server.get("/ping") == 200
            return
        except ConnectionRefusedError:
            time.sleep(0.1)
    raise AssertionError("the server did not answer in time")


def test_served_answers_name_the_artefact(trained: Path) -> None:
    with serving(trained) as server:
        status, body = server.score([CASE])
    assert status == 200
    assert json.loads(body)["model_digest"] == tree_digest(trained / "model")


def test_sigterm_lets_a_request_in_flight_finish_and_ends_cleanly(trained: Path) -> None:
    body = json.dumps({"cases": [CASE] * 20}).encode()
    head = f"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    with serving(trained) as server, socket.create_connection(("127.0.0.1", server.port), timeout=60) as held:
        # The head of a request is sent, so it is in flight; the rest of its body follows only after the signal.
        held.sendall(f"{head}\r\n\r\n".encode() + body[:10])
        assert server.get("/ping") == 200
        server.process.send_signal(signal.SIGTERM)
        wait_until_it_refuses(server)
        held.sendall(body[10:])
        assert held.recv(100).startswith(b"HTTP/1.1 200")
        assert server.process.wait(timeout=30) == 0


def wait_until_it_refuses(server: Server) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            server.get("/ping")
        except OSError:
            return
        time.sleep(0.05)
    raise AssertionError("the server still takes new connections after SIGTERM")
