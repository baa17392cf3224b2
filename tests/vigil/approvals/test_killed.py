"""Processes killed (SIGKILL) at named points between a signature and its delivery: nothing lost, nothing doubled."""

import os
import subprocess
import sys
from pathlib import Path

import boto3
import killed_signer
import pytest
from killed_signer import BEFORE_MARK, BEFORE_TRANSACTION, POINTS, bench_of
from local_server import LocalServer, aws_variables
from moto_stack import create_tables

from vigil.approvals.deliver import sweep
from vigil.approvals.models import Status
from vigil.approvals.open import open_request
from vigil.approvals.statement import check_signatures
from vigil.audit.events import EventName
from vigil.aws.environment import aws_client

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def signing_key(tmp_path_factory):
    """The key of a running local_aws that has the tables."""
    folder = tmp_path_factory.mktemp("killed")
    with LocalServer(folder / "state") as server, aws_variables(server.url):
        aws_client.cache_clear()
        create_tables()
        yield boto3.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    aws_client.cache_clear()


@pytest.fixture
def bench(signing_key, tmp_path):
    return bench_of(signing_key, tmp_path / "runs")


def killed_at(point, request, signing_key, runs):
    """A process that approves the request, killed there."""
    program = Path(killed_signer.__file__)
    command = [sys.executable, str(program), point, request.request_id, signing_key, str(runs)]
    folders = f"{program.parents[2]}:{program.parent}"
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": folders})
    try:
        assert process.stdout.readline() == "here\n"
    finally:
        process.kill()
        process.wait(60)
        process.stdout.close()


def events_of(bench, request):
    chains = bench.ledger.chains()
    return [r.event for chain in chains for r in bench.ledger.read(chain) if r.subject == request.request_id]


@pytest.mark.parametrize("point", POINTS)
def test_a_process_killed_there_loses_nothing_and_doubles_nothing(bench, signing_key, tmp_path, point):
    name = point.replace(" ", "-")
    request = open_request(bench.message(f"arn:aws:states:us-east-1:1:execution:m:{name}"), bench.opening).request
    bench.review(request)
    killed_at(point, request, signing_key, tmp_path / "runs")
    row = bench.stored(request)
    answered = [f"{request.request_id} APPROVED"]
    if point == BEFORE_TRANSACTION:
        assert (row.status, len(row.signatures)) == (Status.PENDING, 1), "half a signature was stored"
        bench.approve(request)
    else:
        assert (row.status, len(row.signatures)) == (Status.APPROVED, 2)
        assert row.delivered_at is None
        assert bench.runs.answers() == (answered if point == BEFORE_MARK else [])
    assert sweep(bench.delivery) == {request.request_id: "delivered"}
    assert sweep(bench.delivery) == {}
    assert bench.runs.answers() == answered
    check_signatures(bench.stored(request), bench.signer)
    found = events_of(bench, request)
    for event, count in (
        (EventName.SIGNATURE_MADE, 2), (EventName.DECISION_MADE, 1), (EventName.DECISION_DELIVERED, 1),
    ):  # fmt: skip
        assert found.count(event) == count
