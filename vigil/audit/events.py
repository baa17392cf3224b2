"""The names of what is recorded. A name is never reused for something else; new ones are added."""

from __future__ import annotations

from enum import StrEnum


class EventName(StrEnum):
    """``noun.verb``, in the past tense."""

    DATASET_RELEASED = "dataset.released"
    PLAN_CHANGED = "plan.changed"
    RUN_REQUESTED = "run.requested"  # by a message of the train-model queue: who sent it is known to AWS
    RUN_STARTED = "run.started"
    CANDIDATE_REGISTERED = "candidate.registered"
    GATE_JUDGED = "gate.judged"
    REQUEST_OPENED = "request.opened"
    REQUEST_NOT_OPENED = "request.not-opened"  # a wait that was failed because nobody could have decided on it
    REQUEST_CLOSED = "request.closed"  # expired, withdrawn, superseded
    REQUEST_REMINDED = "request.reminded"
    REQUEST_ESCALATED = "request.escalated"
    EVIDENCE_READ = "evidence.read"
    SIGNATURE_REFUSED = "signature.refused"
    SIGNATURE_MADE = "signature.made"
    SIGNATURES_CARRIED = "signatures.carried"  # reused by a wait that was redriven or retried
    DECISION_MADE = "decision.made"
    DECISION_DELIVERED = "decision.delivered"
    DECISION_NOT_APPLIED = "decision.not-applied"
    RELEASE_VERIFIED = "release.verified"
    RELEASE_REFUSED = "release.refused"
    ENDPOINT_CHANGED = "endpoint.changed"
    ENDPOINT_RESTORED = "endpoint.restored"  # rolled back
    BASELINE_PINNED = "baseline.pinned"  # what a model in service is monitored against
    CHALLENGER_COMPARED = "challenger.compared"  # shadow period or paired test, with its verdict
    ROLLBACK_ASKED = "rollback.asked"  # by somebody who has proven who they are, before anything starts
    ROLLBACK_ASKING_REFUSED = "rollback.asking-refused"
    ROLLBACK_REQUESTED = "rollback.requested"  # what was pinned for those who sign
    WINDOW_MONITORED = "window.monitored"  # one monitor, one window, violations or none
    DRIFT_DECIDED = "drift.decided"
    DRIFT_OVERRIDDEN = "drift.overridden"
    DRIFT_OVERRIDE_REFUSED = "drift.override-refused"
    DRIFT_NOT_HANDLED = "drift.not-handled"  # no decision could be made, or what it asks for could not be asked
    RETRAINING_ASKED = "retraining.asked"  # of Airflow, because of drift
    RUN_ENDED = "run.ended"
    HISTORY_ARCHIVED = "history.archived"
    SIGN_IN_FAILED = "sign-in.failed"
    ACCOUNT_LOCKED = "account.locked"
    PERSON_ADDED = "person.added"
    PERSON_CHANGED = "person.changed"  # role, training, name, unlocked
    PERSON_REVOKED = "person.revoked"
    LEDGER_EXPORTED = "ledger.exported"
