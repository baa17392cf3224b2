"""`vigil approvals verify`: fetching a signature bundle, keeping it, and verifying it without the network."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from vigil.approvals.bundle import Bundle, BundleError, bundle_of, read_bundle
from vigil.approvals.bundle_check import Verified, verify_bundle
from vigil.audit.signatures import ANY, PublicKeys
from vigil.cli import approval_tables
from vigil.cli.approval_desk import open_desk, reader

LARGEST_BUNDLE = 5_000_000  # bytes; one has some tens of thousands, most of them the plan


def verify_file(source: Path, public_key: Path | None, as_json: bool) -> None:
    """Nothing but the two files is used. Raises ``BundleError``."""
    content = _read(source)
    _report(verify_bundle(read_bundle(content), _key(public_key)), as_json)


def verify_request(request_id: str, public_key: Path | None, save: Path | None, as_json: bool) -> None:
    """With the stack's key, unless another is named. The bundle is kept even if it does not verify: it is evidence."""
    ours = stack_key()
    trusted = ours if public_key is None else _key(public_key)
    bundle = bundle_of(open_desk().show(request_id, reader()), ours)
    if save is not None:
        _keep(bundle, save)
    _report(verify_bundle(bundle, trusted), as_json)


def stack_key() -> str:
    """The signing key's public half, from KMS, as PEM."""
    from vigil.aws.environment import aws_client, load_parameters
    from vigil.aws.public_key import public_key_pem

    return public_key_pem(aws_client("kms"), load_parameters().keys.signing)


def print_key(as_json: bool) -> None:
    """The stack's key, and for programs its fingerprint with it, as ``verify --json`` has it."""
    pem = stack_key()
    if not as_json:
        typer.echo(pem, nl=False)
        return
    digest = PublicKeys({ANY: pem.encode("ascii")}).fingerprints()[ANY]
    typer.echo(json.dumps({"public_key": pem, "public_key_sha256": digest}, indent=2))


def _report(found: Verified, as_json: bool) -> None:
    if not as_json:
        approval_tables.print_verified(found)
        return
    document = {
        "request_id": found.request_id,
        "outcome": found.outcome.value,
        "facts": found.facts.model_dump(mode="json"),
        "signatures": [each.model_dump(mode="json") for each in found.signatures],
        "statement_digests": found.digests,
        "public_key_sha256": found.fingerprint,
    }
    typer.echo(json.dumps(document, indent=2))


def _keep(bundle: Bundle, path: Path) -> None:
    """Never over another file: a bundle that was kept is a record."""
    try:
        with path.open("xb") as file:
            file.write(bundle.to_bytes())
    except FileExistsError:
        raise BundleError(f"{path} is there already: name a file that does not exist yet") from None
    except OSError as error:
        raise BundleError(f"{path} cannot be written: {error.strerror}") from None


def _key(path: Path | None) -> str:
    if path is None:
        raise BundleError("no public key is named")
    try:
        return _read(path).decode("ascii")
    except UnicodeDecodeError:
        raise BundleError(f"{path} is no PEM file") from None


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BUNDLE + 1)
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror}") from None
    if len(content) > LARGEST_BUNDLE:
        raise BundleError(f"{path} is too large for a bundle or a key")
    return content
