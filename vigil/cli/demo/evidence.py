"""What an inspector would ask for at the end: who signed, and that signatures and ledger hold without AWS's word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.console import Console

from vigil.cli.demo import services
from vigil.cli.demo.report import shown
from vigil.cli.demo.state import LocalState, write_private


def print_evidence(console: Console, request_id: str, state: LocalState) -> None:
    """Raises ``DemoError`` where something does not verify."""
    listed = json.loads(services.run_vigil("approvals", "list", "--json"))
    request = next(each for each in listed if each["request_id"] == request_id)
    console.print(f"\nSignatures on request {request_id}:", soft_wrap=True)
    for each in request["signatures"]:
        console.print(_signature(each), markup=False, soft_wrap=True)
    bundle, key = _keep(state, request_id)
    offline = services.run_vigil("approvals", "verify", "--from", str(bundle), "--public-key", str(key), offline=True)
    console.print(f"\nSignatures, verified offline from {shown(bundle)} with {shown(key)}:", soft_wrap=True)
    console.print(offline.rstrip(), markup=False, soft_wrap=True)
    console.print("\nThe ledger:")
    console.print(services.run_vigil("audit", "verify").rstrip() + "\n", markup=False, soft_wrap=True)


def _signature(made: dict[str, Any]) -> str:
    """Printed name, role, meaning and time (21 CFR 11.50(a)): a line, since a narrow table would cut them."""
    return f"  {made['printed_name']}, {made['role']}: {made['meaning']} at {made['signed_at'][:19]}Z"


def _keep(state: LocalState, request_id: str) -> tuple[Path, Path]:
    """The bundle of what was signed, and the public key apart from it: one inside would prove nothing."""
    folder = state.root / "signatures"
    folder.mkdir(exist_ok=True)
    bundle, key = folder / f"{request_id}.json", folder / "public_key.pem"
    if not bundle.exists():
        services.run_vigil("approvals", "verify", request_id, "--save", str(bundle))
    write_private(key, services.run_vigil("approvals", "public-key"))
    return bundle, key
