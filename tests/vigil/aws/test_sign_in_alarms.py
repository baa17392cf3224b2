"""Alarms tell, and never stand in the way of a refusal."""

from datetime import timedelta

import pytest
from cloudformation_template import load_template
from people_fakes import NOW

from vigil.aws.notifications import Notifications
from vigil.aws.sign_in_alarms import (
    ACCOUNTS_LOCKED,
    NAMESPACE,
    NOT_RECORDED,
    SIGN_IN_FAILURES,
    CountedLedger,
    SignInAlarms,
)


class Broken:
    def __getattr__(self, name):
        def call(*_, **__):
            raise ConnectionError(name)

        return call


def test_alarms_that_cannot_be_sent_do_not_raise():
    alarms = SignInAlarms(Broken(), Notifications(Broken(), "topic"), "unit")
    alarms.sign_in_failed()
    alarms.account_locked("ana", NOW + timedelta(minutes=30))


class CloudWatch:
    def __init__(self):
        self.sent = []

    def put_metric_data(self, **request):
        self.sent.append(request)


def test_a_record_that_the_ledger_does_not_take_is_counted():
    cloudwatch = CloudWatch()
    ledger = CountedLedger(Broken(), SignInAlarms(cloudwatch, Notifications(Broken(), "topic"), "unit"))
    with pytest.raises(ConnectionError):
        ledger.append(None)
    (request,) = cloudwatch.sent
    assert request["MetricData"][0]["MetricName"] == NOT_RECORDED


@pytest.mark.parametrize(
    ("alarm", "metric"),
    [
        ("AccountLockedAlarm", ACCOUNTS_LOCKED),
        ("SignInFailuresAlarm", SIGN_IN_FAILURES),
        ("NotRecordedAlarm", NOT_RECORDED),
    ],
)
def test_the_template_has_an_alarm_for_each_metric(alarm, metric):
    found = load_template()["Resources"][alarm]["Properties"]
    assert (found["Namespace"], found["MetricName"]) == (NAMESPACE, metric)


def test_each_stack_counts_for_itself():
    cloudwatch = CloudWatch()
    SignInAlarms(cloudwatch, Notifications(Broken(), "topic"), "unit").sign_in_failed()
    (request,) = cloudwatch.sent
    assert request["Namespace"] == "Vigil/Approvals"
    (datum,) = request["MetricData"]
    assert (datum["MetricName"], datum["Dimensions"]) == ("SignInFailures", [{"Name": "Stack", "Value": "unit"}])
