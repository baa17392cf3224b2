"""21 CFR 11.50: signed records hold the printed name of the signer, the date and time, and the meaning (a), and show
them in any human readable form of the record (b)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from approval_bench import Bench
from approvals_command import Command
from pydantic import ValidationError

from vigil.approvals.bundle import BundleError, read_bundle
from vigil.approvals.bundle_check import verify_bundle
from vigil.approvals.models import SignatureFacts

REQUIRED = ("printed_name", "signed_at", "meaning")


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    return Command.over(Bench.make(), tmp_path, monkeypatch)


@pytest.fixture
def bundle(command: Command) -> tuple[Command, dict[str, Any]]:
    path = command.folder / "bundle.json"
    command.run("verify", command.bench.approved().request_id, "--save", str(path))
    return command, json.loads(path.read_bytes())


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("value", [None, ""])
def test_a_signature_without_one_of_the_three_is_refused(command: Command, name: str, value: Any) -> None:
    """11.50(a): name, time and meaning, each of them."""
    (signature, _) = command.bench.approved().signatures
    document = signature.model_dump(mode="json", include=set(SignatureFacts.model_fields))
    with pytest.raises(ValidationError):
        SignatureFacts.model_validate(document | {name: value})
    del document[name]
    with pytest.raises(ValidationError):
        SignatureFacts.model_validate(document)


@pytest.mark.parametrize("name", REQUIRED)
def test_a_copy_that_lacks_one_of_the_three_does_not_verify(bundle: tuple[Command, dict[str, Any]], name: str) -> None:
    """11.50(b): they are subject to the same controls as the record."""
    command, document = bundle
    del document["statements"][0]["document"]["signature"][name]
    with pytest.raises(BundleError):
        verify_bundle(read_bundle(json.dumps(document).encode()), command.bench.signer.public_key_pem())


@pytest.mark.parametrize("form", ["show", "verify"])
def test_every_form_that_people_read_shows_all_three_for_each_signer(command: Command, form: str) -> None:
    """11.50(b): in the terminal; the page and the ledger's export have their own tests."""
    request = command.bench.approved()
    printed = command.run(form, request.request_id).output
    for signature in request.signatures:
        for words in (signature.printed_name, f"{signature.signed_at:%Y-%m-%d %H:%M:%S} UTC", signature.meaning.value):
            assert words in printed, words


@pytest.mark.parametrize("form", [["show"], ["verify"]])
def test_every_form_that_programs_read_holds_all_three(command: Command, form: list[str]) -> None:
    """11.50(b): electronic forms too."""
    request = command.bench.approved()
    printed = json.loads(command.run(*form, request.request_id, "--json").output)
    signatures = (printed if form == ["verify"] else printed["request"])["signatures"]
    assert [[each[name] for name in REQUIRED] for each in signatures] == [
        [each.model_dump(mode="json")[name] for name in REQUIRED] for each in request.signatures
    ]
