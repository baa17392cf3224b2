"""Alarms tell, and never stand in the way of a refusal."""

from datetime import timedelta

from people_fakes import NOW

from vigil.aws.notifications import Notifications
from vigil.aws.sign_in_alarms import SignInAlarms


class Broken:
    def __getattr__(self, name):
        def call(**_):
            raise ConnectionError(name)

        return call


def test_alarms_that_cannot_be_sent_do_not_raise():
    alarms = SignInAlarms(Broken(), Notifications(Broken(), "topic"), "unit")
    alarms.sign_in_failed()
    alarms.account_locked("ana", NOW + timedelta(minutes=30))


def test_each_stack_counts_for_itself():
    sent = []

    class CloudWatch:
        def put_metric_data(self, **request):
            sent.append(request)

    SignInAlarms(CloudWatch(), Notifications(Broken(), "topic"), "unit").sign_in_failed()
    (request,) = sent
    assert request["Namespace"] == "Vigil/Approvals"
    (datum,) = request["MetricData"]
    assert (datum["MetricName"], datum["Dimensions"]) == ("SignInFailures", [{"Name": "Stack", "Value": "unit"}])
