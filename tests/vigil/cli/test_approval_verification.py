"""`vigil approvals verify`: online it fetches and keeps a bundle, offline two files are enough."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from approval_bench import Bench
from approvals_command import Command

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def command(tmp_path, monkeypatch) -> Command:
    return Command.over(Bench.make(), tmp_path, monkeypatch)


@pytest.fixture
def request_id(command) -> str:
    return command.bench.approved().request_id


@pytest.fixture
def kept(command, request_id) -> tuple[str, str]:
    """A bundle and the trusted key, as files."""
    bundle, key = command.folder / "bundle.json", command.folder / "key.pem"
    saved = command.run("verify", request_id, "--save", str(bundle))
    assert saved.exit_code == 0, saved.output
    key.write_text(command.bench.signer.public_key_pem())
    return str(bundle), str(key)


def test_it_prints_who_signed_when_and_what_it_meant(command, request_id):
    printed = command.run("verify", request_id).output
    for words in (
        "Quinn (quinn)",
        "Ana (ana)",
        "reviewed",
        "approved",
        "2026-",
        "Verified: 2 signature(s)",
        "APPROVED",
    ):
        assert words in printed, words


def test_the_key_for_programs_has_the_fingerprint_that_verify_names(command, request_id):
    key = json.loads(command.run("public-key", "--json").stdout)
    assert key["public_key"] == command.run("public-key").stdout
    verified = json.loads(command.run("verify", request_id, "--json").stdout)
    assert key["public_key_sha256"] == verified["public_key_sha256"]


def test_json_for_programs(command, request_id):
    found = json.loads(command.run("verify", request_id, "--json").output)
    assert (found["outcome"], [each["signer"] for each in found["signatures"]]) == ("APPROVED", ["quinn", "ana"])


def test_a_kept_bundle_verifies_offline_and_is_never_overwritten(command, request_id, kept):
    bundle, key = kept
    assert command.run("verify", "--from", bundle, "--public-key", key).exit_code == 0
    before = Path(bundle).read_bytes()
    assert command.run("verify", request_id, "--save", bundle).exit_code == 20
    assert Path(bundle).read_bytes() == before


def test_offline_needs_no_network_no_stack_and_no_credentials(kept):
    """In a process of its own, where every way out leads nowhere."""
    bundle, key = kept
    nowhere = "http://127.0.0.1:9"
    environment = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "AWS_ENDPOINT_URL": nowhere, "HTTPS_PROXY": nowhere,
        "HTTP_PROXY": nowhere, "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/nonexistent",
    }  # fmt: skip
    program = (
        "import socket\n"
        "def refuse(*_, **__): raise AssertionError('the network was asked')\n"
        "socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse\n"
        "from vigil.cli.approvals import app; app()"
    )
    command = [sys.executable, "-c", program, "verify", "--from", bundle, "--public-key", key]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "Verified: 2 signature(s)" in done.stdout


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"printed_name":"Ana"', '"printed_name":"Anb"'),
        ('"requested_by":"airflow:dana"', '"requested_by":"airflow:dano"'),
        ('"comment":""', '"comment":" "'),
        ('"signature":"ME', '"signature":"MF'),  # how the DER of every signature begins
        ('"name":"Seriousness', '"name":"seriousness'),
    ],
)
def test_a_changed_bundle_exits_20_and_says_what_is_wrong(command, kept, old, new):
    bundle, key = kept
    text = Path(bundle).read_text()
    assert old in text
    Path(bundle).write_text(text.replace(old, new, 1))
    result = command.run("verify", "--from", bundle, "--public-key", key)
    assert result.exit_code == 20, result.output
    assert "vigil approvals: " in result.output and "Verified" not in result.output


def test_the_key_of_another_stack_exits_20(command, request_id, kept):
    bundle, key = kept
    Path(key).write_text(Bench.make().signer.public_key_pem())
    for result in (
        command.run("verify", "--from", bundle, "--public-key", key),
        command.run("verify", request_id, "--public-key", key),
    ):
        assert result.exit_code == 20
        assert "another key than the one you trust" in result.output


def test_a_signature_that_is_missing_exits_21(command):
    request = command.bench.open()
    assert command.run("verify", request.request_id).exit_code == 21
    command.bench.review(request)
    result = command.run("verify", request.request_id)
    assert result.exit_code == 21
    assert "missing: approved by model-owner" in result.output


def test_a_row_that_was_changed_in_the_table_does_not_verify(command, request_id):
    request = command.stored(request_id)
    forged = request.signatures[0].model_copy(update={"printed_name": "Somebody Else"})
    command.row(request_id, signatures=[forged, request.signatures[1]])
    assert command.run("verify", request_id).exit_code == 20


@pytest.mark.parametrize(
    "arguments", [[], ["apr-1", "--from", "bundle.json"], ["--from", "bundle.json"]], ids=["nothing", "both", "no key"]
)
def test_wrong_usage_exits_2(command, arguments):
    assert command.run("verify", *arguments).exit_code == 2


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n"])
def test_a_key_or_bundle_that_cannot_be_read_exits_20(command, kept, content, tmp_path):
    bundle, key = kept
    broken = tmp_path / "broken"
    broken.write_bytes(content)
    assert command.run("verify", "--from", bundle, "--public-key", str(broken)).exit_code == 20
    assert command.run("verify", "--from", str(broken), "--public-key", key).exit_code == 20
    assert command.run("verify", "--from", str(tmp_path / "none"), "--public-key", key).exit_code == 20


def test_the_public_key_is_printed_as_a_file_that_verify_takes(command, kept):
    _, key = kept
    assert command.run("public-key").output == Path(key).read_text()
