"""What an inspector would ask for at the end: who signed, and that signatures and ledger hold without AWS's word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from vigil.cli.demo import services
from vigil.cli.demo.report import shown
from vigil.cli.demo.state import LocalState, write_private


def print_evidence(console: Console, request_id: str, state: LocalState) -> None:
    """Raises ``DemoError`` where something does not verify."""
    listed = json.loads(services.run_vigil("approvals", "list", "--json"))
    request = next(each for each in listed if each["request_id"] == request_id)
    console.print(_signatures(request))
    bundle, key = _keep(state, request_id)
    offline = services.run_vigil("approvals", "verify", "--from", str(bundle), "--public-key", str(key), offline=True)
    console.print(f"Signatures, verified offline from {shown(bundle)} with {shown(key)}:", soft_wrap=True)
    console.print(offline.rstrip(), markup=False, soft_wrap=True)
    console.print("\nThe ledger:")
    console.print(services.run_vigil("audit", "verify").rstrip(), markup=False, soft_wrap=True)


def _signatures(request: dict[str, Any]) -> Table:
    """Printed name, role, meaning and time (21 CFR 11.50(a)): what the page shows too."""
    table = Table(title=f"Signatures on request {request['request_id']}")
    for heading in ("printed name", "role", "meaning", "signed at"):
        table.add_column(heading, no_wrap=True)
    for each in request["signatures"]:
        table.add_row(each["printed_name"], each["role"], each["meaning"], each["signed_at"][:19] + "Z")
    return table


def _keep(state: LocalState, request_id: str) -> tuple[Path, Path]:
    """The bundle of what was signed, and the public key apart from it: one inside would prove nothing."""
    folder = state.root / "signatures"
    folder.mkdir(exist_ok=True)
    bundle, key = folder / f"{request_id}.json", folder / "public_key.pem"
    if not bundle.exists():
        services.run_vigil("approvals", "verify", request_id, "--save", str(bundle))
    write_private(key, services.run_vigil("approvals", "public-key"))
    return bundle, key
