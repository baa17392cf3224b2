"""A copy of a stack's ledger, recorded before it is given: who took it, of what, when."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from vigil.approvals.errors import ApprovalError
from vigil.audit.events import EventName
from vigil.audit.export import ExportError, Manifest, PublicKeyFile, UnknownChainError, write_export
from vigil.audit.models import Actor
from vigil.audit.signatures import PublicKeys
from vigil.aws.audit_ports import checkpoint_key, stack_ledger
from vigil.aws.clock import server_time
from vigil.aws.desk_client import desk_client
from vigil.aws.environment import StackParameters, aws_client, stack_name


class Recorder(Protocol):
    """Who may append, for somebody who may not: the desk's function."""

    def note(self, event: EventName, actor: Actor, subject: str, details: dict[str, Any]) -> None: ...


def export_stack(
    parameters: StackParameters, folder: Path, only: list[str], recorder: Recorder | None = None
) -> Manifest:
    """Record it, then write it: what is recorded and not written harms nobody, the reverse would."""
    ledger = stack_ledger(parameters)
    if unknown := [chain for chain in only if ledger.table.head(chain).sequence == 0]:
        raise UnknownChainError(f"there is no chain {', '.join(unknown)}: see `vigil audit list --chains`")
    who = record_copy(parameters, only, {}, recorder)
    at = server_time()
    return write_export(ledger, _keys(parameters), folder, stack=stack_name(), at=at, by=who, only=only or None)


def record_copy(
    parameters: StackParameters, only: list[str], how: dict[str, Any], recorder: Recorder | None = None
) -> str:
    """Who takes the copy. ``how``: what is a copy beside an export. Raises ``ExportError``: then none may be given."""
    who = str(aws_client("sts").get_caller_identity()["Arn"])
    details = {"chains": only or "all", **how}
    # The name is the caller's own word: the function that records it cannot see who invoked it.
    actor = Actor(name=who, via="AWS STS, as the caller says", verified=False)
    try:
        subject = f"ledger of {stack_name()}"
        (recorder or desk_client(parameters)).note(EventName.LEDGER_EXPORTED, actor, subject, details)
    except ApprovalError as error:
        raise ExportError(f"it could not be recorded, so nothing was exported: {error}") from error
    return who


def _keys(parameters: StackParameters) -> PublicKeyFile:
    signing = parameters.keys.signing
    other = PublicKeys({signing: bytes(aws_client("kms").get_public_key(KeyId=signing)["PublicKey"])})
    return PublicKeyFile(checkpoint=PublicKeys(checkpoint_key(parameters)).pem(), signing=other.pem())
