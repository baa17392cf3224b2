"""Failed sign-ins, locked accounts and lost records as metrics that alarms watch, and a notice for each lock.

21 CFR 11.300(d): attempts at unauthorised use are reported at once. 11.10(e): none is without its record unnoticed.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from vigil.audit.models import Entry, Record
from vigil.audit.ports import LedgerWriter
from vigil.aws.notifications import Notifications
from vigil.moments import timestamp

logger = logging.getLogger(__name__)

NAMESPACE = "Vigil/Approvals"
SIGN_IN_FAILURES = "SignInFailures"
ACCOUNTS_LOCKED = "AccountsLocked"
NOT_RECORDED = "NotRecorded"  # what a refusal or a reading could not put into the ledger


class SignInAlarms:
    """``client`` is a boto3 CloudWatch client; ``stack`` is the metrics' one dimension."""

    def __init__(self, client: Any, notifications: Notifications, stack: str) -> None:
        self._client = client
        self._notifications = notifications
        self._stack = stack

    def sign_in_failed(self) -> None:
        self._count(SIGN_IN_FAILURES)

    def account_locked(self, username: str, until: datetime) -> None:
        self._count(ACCOUNTS_LOCKED)
        facts = {"event": "account-locked", "username": username, "until": timestamp(until)}
        self._notifications.publish("Vigil: an account was locked after wrong passwords", facts)

    def not_recorded(self) -> None:
        self._count(NOT_RECORDED)

    def _count(self, metric: str) -> None:
        dimensions = [{"Name": "Stack", "Value": self._stack}]
        datum = {"MetricName": metric, "Dimensions": dimensions, "Value": 1.0, "Unit": "Count"}
        try:
            self._client.put_metric_data(Namespace=NAMESPACE, MetricData=[datum])
        except Exception:  # what was refused stays refused, and is in the ledger
            logger.exception("the metric %s could not be counted", metric)


class CountedLedger:
    """``LedgerWriter`` that counts what could not be appended. Who is refused hears why even if the refusal cannot be
    recorded: without the count only the log would say that a record is missing."""

    def __init__(self, ledger: LedgerWriter, alarms: SignInAlarms) -> None:
        self._ledger = ledger
        self._alarms = alarms

    def append(self, entry: Entry) -> Record:
        try:
            return self._ledger.append(entry)
        except Exception:
            self._alarms.not_recorded()
            raise
