"""Services whose parameters name a resource in another form than its ARN has it.

https://docs.aws.amazon.com/service-authorization/latest/reference/ (one page for each service)
"""

from __future__ import annotations

import re
from email.utils import parseaddr
from typing import Any

from local_aws.access.needs import Need, Parameters, arn, from_table, prefix_of
from local_aws.api import ACCOUNT

AIRFLOW_ROLES = ("Admin", "Op", "User", "Viewer", "Public")
LOG_STREAM_ACTIONS = ("PutLogEvents", "GetLogEvents", "DeleteLogStream")


def sqs(operation: str, parameters: Parameters) -> list[Need] | None:
    url = parameters.get("QueueUrl")
    if not isinstance(url, str):
        return None
    [action] = {need.action for need in from_table("sqs", operation, {})}
    return [Need(action, arn("sqs", url.rstrip("/").rpartition("/")[2]))]


def sns(operation: str, parameters: Parameters) -> list[Need] | None:
    topic = parameters.get("TopicArn") or parameters.get("TargetArn")
    if operation == "Unsubscribe" or parameters.get("SubscriptionArn"):
        topic = str(parameters.get("SubscriptionArn", "")).rpartition(":")[0]
    [action] = {need.action for need in from_table("sns", operation, {})}
    return [Need(action, topic)] if isinstance(topic, str) and topic else None


def ssm(operation: str, parameters: Parameters) -> list[Need] | None:
    names = parameters.get("Names") or [parameters.get("Path") or parameters.get("Name")]
    if operation == "DescribeParameters" or not all(isinstance(name, str) for name in names):
        return None
    return [Need(f"ssm:{operation}", arn("ssm", f"parameter/{str(name).strip('/')}")) for name in names]


def logs(operation: str, parameters: Parameters) -> list[Need] | None:
    """A group's ARN may be written with or without ``:*`` at its end."""
    name = parameters.get("logGroupName") or parameters.get("logGroupNamePrefix")
    if not isinstance(name, str):
        return None
    group = arn("logs", f"log-group:{name}")
    stream = f"{group}:log-stream:{parameters.get('logStreamName', '')}"
    if operation in LOG_STREAM_ACTIONS:
        return [Need(f"logs:{operation}", stream)]
    return [Need(f"logs:{operation}", group, others=(f"{group}:*", stream))]


def secretsmanager(operation: str, parameters: Parameters) -> list[Need] | None:
    name = parameters.get("SecretId")
    if not isinstance(name, str):
        return None
    return [Need(f"secretsmanager:{operation}", name if name.startswith("arn:") else secret_arn(name))]


def events(operation: str, parameters: Parameters) -> list[Need] | None:
    if operation == "PutEvents":
        entries = [entry for entry in parameters.get("Entries", []) if isinstance(entry, dict)]
        return [_put_event(entry) for entry in entries]
    name = parameters.get("Rule") or parameters.get("Name")
    if not isinstance(name, str) or ("Rule" not in operation and "Targets" not in operation):
        return None
    bus = str(parameters.get("EventBusName", "default")).rpartition("/")[2]
    return [Need(f"events:{operation}", arn("events", f"rule/{name if bus == 'default' else f'{bus}/{name}'}"))]


def cloudwatch(operation: str, parameters: Parameters) -> list[Need] | None:
    if operation != "PutMetricData":
        return None
    namespace = parameters.get("Namespace")
    return [Need("cloudwatch:PutMetricData", context={"cloudwatch:namespace": [str(namespace)]})]


def iam(operation: str, parameters: Parameters) -> list[Need] | None:
    for name, kind in (("RoleName", "role"), ("UserName", "user"), ("GroupName", "group")):
        if isinstance(parameters.get(name), str):
            path = str(parameters.get("Path", "/"))
            return [Need(f"iam:{operation}", f"arn:aws:iam::{ACCOUNT}:{kind}{path}{parameters[name]}")]
    return None


def glue(operation: str, parameters: Parameters) -> list[Need] | None:
    """The Data Catalog is authorised at each level: catalog, database, table."""
    if isinstance(parameters.get("JobName") or parameters.get("Name"), str) and "Job" in operation:
        return [Need(f"glue:{operation}", arn("glue", f"job/{parameters.get('JobName') or parameters.get('Name')}"))]
    database, table = parameters.get("DatabaseName"), parameters.get("TableName")
    if "Table" in operation or "Partition" in operation:
        table = table or parameters.get("Name") or (parameters.get("TableInput") or {}).get("Name")
    elif "Database" in operation:
        database = parameters.get("Name") or (parameters.get("DatabaseInput") or {}).get("Name")
    else:
        return None
    found = [arn("glue", "catalog")]
    found += [arn("glue", f"database/{database}")] if database else []
    found += [arn("glue", f"table/{database}/{table}")] if database and table else []
    return [Need(f"glue:{operation}", resource) for resource in found]


def states(operation: str, parameters: Parameters) -> list[Need] | None:
    if operation == "CreateStateMachine":
        return [Need("states:CreateStateMachine", arn("states", f"stateMachine:{parameters.get('name')}"))]
    if operation == "CreateActivity":
        return [Need("states:CreateActivity", arn("states", f"activity:{parameters.get('name')}"))]
    return None


def ses(operation: str, parameters: Parameters) -> list[Need] | None:
    """Mail comes from an identity, the address or its domain.

    https://docs.aws.amazon.com/ses/latest/dg/control-user-access.html
    """
    sender = parameters.get("Source") or parameters.get("FromEmailAddress")
    if not operation.startswith("Send") or not isinstance(sender, str):
        return None
    display_name, address = parseaddr(sender)
    context = {"ses:fromaddress": [address], "ses:fromdisplayname": [display_name]}
    domain = arn("ses", f"identity/{address.rpartition('@')[2]}")
    return [Need(f"ses:{operation}", arn("ses", f"identity/{address}"), others=(domain,), context=context)]


def scheduler(operation: str, parameters: Parameters) -> list[Need] | None:
    """A schedule is named within its group, the group by its name alone."""
    name, group = parameters.get("Name"), parameters.get("GroupName") or "default"
    if not isinstance(name, str):
        return None
    if operation.endswith("ScheduleGroup"):
        return [Need(f"scheduler:{operation}", arn("scheduler", f"schedule-group/{name}"))]
    return [Need(f"scheduler:{operation}", arn("scheduler", f"schedule/{group}/{name}"))]


def sagemaker(operation: str, parameters: Parameters) -> list[Need] | None:
    """A version of a model package is named by its group and a number that it does not have yet.

    The four kinds of monitoring job definitions call their names by one name.
    """
    definition = parameters.get("JobDefinitionName")
    if operation.endswith("JobDefinition") and isinstance(definition, str):
        kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", operation).partition("-")[2].lower()
        return [Need(f"sagemaker:{operation}", arn("sagemaker", f"{kind}/{definition}"))]
    group = parameters.get("ModelPackageGroupName")
    if operation == "CreateModelPackage" and isinstance(group, str):
        name = group.rpartition("/")[2]
        return [Need("sagemaker:CreateModelPackage", arn("sagemaker", f"model-package/{name}/*"))]
    return None


def airflow(operation: str, parameters: Parameters) -> list[Need] | None:
    """Leave to act in an environment is leave for one of Airflow's roles there; which one, the caller's policy says.

    https://docs.aws.amazon.com/mwaa/latest/userguide/access-mwaa-apache-airflow-rest-api.html
    """
    name = parameters.get("Name")
    if operation != "InvokeRestApi" or not isinstance(name, str):
        return None
    strongest, *others = (arn("airflow", f"role/{name}/{role}") for role in AIRFLOW_ROLES)
    return [Need("airflow:InvokeRestApi", strongest, others=others)]


def secret_arn(name: str) -> str:
    """A secret's ARN ends in six characters of its own."""
    from moto.secretsmanager.models import secretsmanager_backends

    for account in list(secretsmanager_backends.values()):
        for backend in list(account.values()):
            if name in backend.secrets:
                return str(backend.secrets[name].arn)
    return arn("secretsmanager", f"secret:{name}")


def _put_event(entry: dict[str, Any]) -> Need:
    bus = str(entry.get("EventBusName", "default")).rpartition("/")[2]
    context = {"events:source": [str(entry.get("Source"))], "events:detail-type": [str(entry.get("DetailType"))]}
    return Need("events:PutEvents", arn("events", f"event-bus/{bus}"), context=context)


BY_SERVICE = {
    "sqs": sqs,
    "sns": sns,
    "ssm": ssm,
    "logs": logs,
    "secretsmanager": secretsmanager,
    "events": events,
    "cloudwatch": cloudwatch,
    "iam": iam,
    "glue": glue,
    "states": states,
    "sagemaker": sagemaker,
    "scheduler": scheduler,
    "ses": ses,
    "airflow": airflow,
}


def needs(service: str, operation: str, parameters: Parameters) -> list[Need]:
    """By the rules of this module where the service has any, else by AWS's table."""
    rule = BY_SERVICE.get(prefix_of(service))
    found = None if rule is None else rule(operation, parameters)
    return found if found is not None else from_table(service, operation, parameters)
