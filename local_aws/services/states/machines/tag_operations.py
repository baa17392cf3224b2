"""The operations on the tags of state machines and activities."""

from __future__ import annotations

from typing import cast

from local_aws.api import ApiError, Context, operation
from local_aws.services.states import requests as api
from local_aws.services.states.activities.records import Activity, ActivityRecords
from local_aws.services.states.machines.machine_checks import check_tags
from local_aws.services.states.models import Machine
from local_aws.services.states.records import Records


@operation("stepfunctions", "TagResource")
def tag_resource(aws: Context, request: api.TagResourceRequest) -> api.Empty:
    with aws.store.transaction():
        machine = _tagged(aws, request["resourceArn"])
        tags = {tag["key"]: tag["value"] for tag in machine["tags"]}
        tags.update({tag["key"]: tag["value"] for tag in request["tags"]})
        machine["tags"] = [{"key": key, "value": value} for key, value in tags.items()]
        check_tags(machine["tags"])
        _save(aws, machine)
    return {}


@operation("stepfunctions", "UntagResource")
def untag_resource(aws: Context, request: api.UntagResourceRequest) -> api.Empty:
    with aws.store.transaction():
        machine = _tagged(aws, request["resourceArn"])
        machine["tags"] = [tag for tag in machine["tags"] if tag["key"] not in request["tagKeys"]]
        _save(aws, machine)
    return {}


@operation("stepfunctions", "ListTagsForResource")
def list_tags_for_resource(aws: Context, request: api.ResourceRequest) -> api.ListTagsForResourceResponse:
    return {"tags": cast("list[api.Tag]", _tagged(aws, request["resourceArn"])["tags"])}


def _tagged(aws: Context, arn: str) -> Machine | Activity:
    tagged = Records(aws.store).machine(arn) or ActivityRecords(aws.store).find(arn)
    if tagged is None:
        raise ApiError("ResourceNotFound", f"Resource not found: '{arn}'")
    return tagged


def _save(aws: Context, tagged: Machine | Activity) -> None:
    if "definition" in tagged:
        Records(aws.store).save_machine(cast(Machine, tagged))
    else:
        ActivityRecords(aws.store).save(tagged)
