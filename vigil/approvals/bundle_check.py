"""Verifying a signature bundle, with nothing but the file, a public key and the plan inside it.

The signatures are checked by another library than the signer's (PyCryptodome; it also makes the digest itself). Then
the rules are applied anew: the plan in the bundle must be the one that every signer signed for, and by it the
signatures must decide what the bundle says. The first thing that does not hold is named.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass

from vigil.approvals.bundle import Bundle, BundleError, SignedStatement, Statement, UndecidedError, read_statement
from vigil.approvals.identity import request_id_for
from vigil.approvals.models import Facts, SignatureFacts, Status
from vigil.approvals.quorum import QuorumError, check_decides, check_signers, missing_seats, outcome
from vigil.approvals.timing import is_for
from vigil.audit.signatures import PublicKeyError, PublicKeys
from vigil.change_control.models import Plan
from vigil.change_control.plan import PlanError, parse_plan
from vigil.digests import canonical_json, digest_of

#: Statuses that signatures decide. The others are a matter of the run: expired, withdrawn, superseded, not applied.
DECISIONS = (Status.APPROVED, Status.REJECTED)


@dataclass(frozen=True)
class Verified:
    """What a bundle proves. ``outcome`` follows from the signatures alone; ``fingerprint`` is the public key's."""

    request_id: str
    outcome: Status
    facts: Facts
    plan: Plan
    signatures: list[SignatureFacts]
    digests: list[str]
    fingerprint: str


def verify_bundle(bundle: Bundle, public_key: str) -> Verified:
    """``public_key`` (PEM) is the one that is trusted. Raises ``BundleError``, or ``UndecidedError`` if all holds but
    signatures are missing."""
    keys = _keys(bundle, public_key)
    statements = [_verified(signed, bundle, keys) for signed in bundle.statements]
    facts = _common_facts(statements)
    _check_request(bundle, statements)
    plan = _plan(bundle, facts)
    signatures = [each.signature for each in statements]
    decided = _decided(bundle, facts, plan, signatures)
    return Verified(
        request_id=bundle.request_id,
        outcome=decided,
        facts=facts,
        plan=plan,
        signatures=signatures,
        digests=[digest_of(each.document) for each in bundle.statements],
        fingerprint=keys.fingerprints()[bundle.signing_key],
    )


def _keys(bundle: Bundle, public_key: str) -> PublicKeys:
    try:
        trusted, inside = (PublicKeys({bundle.signing_key: key}) for key in (public_key, bundle.public_key))
    except PublicKeyError as error:
        raise BundleError(str(error)) from error
    if trusted.fingerprints() != inside.fingerprints():
        raise BundleError("the bundle was made with another key than the one you trust: is it of this stack?")
    return trusted


def _verified(signed: SignedStatement, bundle: Bundle, keys: PublicKeys) -> Statement:
    found = read_statement(signed.document)
    name = f"the signature of {found.signature.printed_name!r}"
    if found.signature.signing_key != bundle.signing_key:
        raise BundleError(f"{name} names another key than the bundle")
    if not _is_canonical(signed.signature):
        raise BundleError(f"{name} is not written as base64")
    if not keys.verify(bundle.signing_key, canonical_json(signed.document), signed.signature):
        raise BundleError(f"{name} does not verify: it, or something that was signed, was changed")
    return found


def _is_canonical(text: str) -> bool:
    """One signature has one spelling: base64 lets some bits of the last letter be anything."""
    try:
        return base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
    except (binascii.Error, ValueError):
        return False


def _common_facts(statements: list[Statement]) -> Facts:
    first = statements[0]
    for other in statements[1:]:
        wait = (other.execution_arn, other.state_name, other.facts)
        if wait != (first.execution_arn, first.state_name, first.facts):
            raise BundleError(f"{other.signature.printed_name!r} signed something else than the others")
    return first.facts


def _check_request(bundle: Bundle, statements: list[Statement]) -> None:
    """Signatures belong to this request, or to an earlier one of the very same wait, which it says it carries."""
    wait = statements[0]
    if request_id_for(wait.execution_arn, wait.state_name, bundle.entered_at, bundle.attempt) != bundle.request_id:
        raise BundleError(f"the signatures are not for request {bundle.request_id!r}")
    for each in statements:
        said = each.signature
        if request_id_for(wait.execution_arn, wait.state_name, said.entered_at, said.attempt) != said.request_id:
            raise BundleError(f"the signature of {said.printed_name!r} names a request that is none of this wait")
        if not said.shown_at <= said.signed_at < said.expires_at:
            raise BundleError(f"{said.printed_name!r} signed at {said.signed_at}, when the request was not open")
        if not is_for(said.authenticated_at, said.shown_at, said.signed_at):
            raise BundleError(f"the sign-in of {said.printed_name!r} was not fresh when it was signed")
        if said.request_id != bundle.request_id and bundle.carried_from is None:
            raise BundleError(f"the signature of {said.printed_name!r} is for request {said.request_id!r}")


def _plan(bundle: Bundle, facts: Facts) -> Plan:
    try:
        plan = parse_plan(json.dumps(bundle.plan, ensure_ascii=False), source="plan.json")
    except PlanError as error:
        raise BundleError("the plan in the bundle cannot be read") from error
    if plan.digest != facts.plan_digest or digest_of(bundle.plan) != facts.plan_digest:
        raise BundleError(f"the plan in the bundle is not the one that was signed for ({facts.plan_digest})")
    return plan


def _decided(bundle: Bundle, facts: Facts, plan: Plan, signatures: list[SignatureFacts]) -> Status:
    rules = plan.protocol.approval
    decided = outcome(rules, signatures)
    try:
        check_signers(facts, rules, signatures)
        if bundle.status in DECISIONS:
            check_decides(facts, rules, signatures, bundle.status)
    except QuorumError as error:
        raise BundleError(f"the signatures do not meet the plan: {error}") from error
    if decided is Status.PENDING:
        missing = " and ".join(f"{seat.meaning} by {seat.role}" for seat in missing_seats(rules, signatures))
        raise UndecidedError(
            f"the {len(signatures)} signature(s) verify, but nothing is decided yet; missing: {missing}"
        )
    if bundle.status is Status.PENDING:
        raise BundleError(f"the bundle says {bundle.status}, its signatures say {decided}")
    return decided
