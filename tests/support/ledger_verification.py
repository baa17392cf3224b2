"""What verification finds in a ledger in memory, with the key that its checkpoints are signed with."""

from __future__ import annotations

from ledger_fakes import MemoryLedger

from vigil.audit.findings import Finding
from vigil.audit.signatures import PublicKeys
from vigil.audit.verify import verify_ledger


def findings(ledger: MemoryLedger) -> list[Finding]:
    return verify_ledger(ledger, PublicKeys({ledger.signer.key: ledger.signer.public_pem})).findings
