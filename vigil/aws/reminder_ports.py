"""What reminding needs, put together from a stack's parameters."""

from __future__ import annotations

from vigil.approvals.remind import ReminderPorts
from vigil.aws.approval_ports import approvals_table, evidence_store
from vigil.aws.clock import server_time
from vigil.aws.environment import StackParameters, aws_client
from vigil.aws.mail import SesMail
from vigil.aws.notifications import Notifications
from vigil.aws.people_table import PeopleTable

NONE = "none"  # the value of a parameter that names nothing: SSM takes no empty one


def reminder_ports(parameters: StackParameters) -> ReminderPorts:
    sender, url = parameters.people.mail_sender, parameters.airflow.url
    return ReminderPorts(
        store=approvals_table(parameters),
        evidence=evidence_store(parameters),
        people=PeopleTable(aws_client("dynamodb"), parameters.tables.people),
        mail=None if sender == NONE else SesMail(aws_client("ses"), sender),
        notices=Notifications(aws_client("sns"), parameters.topics.notifications),
        clock=server_time,
        airflow_url=None if url == NONE else url,
    )
