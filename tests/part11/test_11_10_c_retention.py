"""21 CFR 11.10(c): protection of records to enable their ready retrieval throughout the retention period."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from cloudformation_template import load_template, resources_of
from ledger_world import BUCKET, client_in_moto, create_bucket

TEN_YEARS_DAYS = 3653
TABLES = ("LedgerTable", "ApprovalsTable", "PeopleTable", "RunsTable", "ModelsTable")


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return load_template()


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with client_in_moto(monkeypatch, "s3") as client:
        create_bucket(client)
        yield client


@pytest.mark.parametrize("name", TABLES)
def test_records_outlive_the_stack_and_can_be_brought_back(template: dict[str, Any], name: str) -> None:
    """11.10(c): point-in-time recovery, protection from deletion, retained when the stack goes."""
    table = template["Resources"][name]
    assert table["DeletionPolicy"] == "RetainExceptOnCreate"
    assert table["UpdateReplacePolicy"] == "Retain"
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["Properties"]["DeletionProtectionEnabled"] is True


@pytest.mark.parametrize("name", [name for name in TABLES if name != "ApprovalsTable"])
def test_no_record_expires_by_itself(template: dict[str, Any], name: str) -> None:
    assert "TimeToLiveSpecification" not in template["Resources"][name]["Properties"]


@pytest.mark.parametrize("name", ["ModelsBucket", "DatasetsBucket", "AuditBucket"])
def test_what_records_point_to_outlives_the_stack_in_every_version(template: dict[str, Any], name: str) -> None:
    """11.10(c): the artefact, the evaluation and the plan that were signed for, and the data they came of."""
    bucket = template["Resources"][name]
    assert bucket["DeletionPolicy"] == "RetainExceptOnCreate"
    assert bucket["UpdateReplacePolicy"] == "Retain"
    assert bucket["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}
    rules = bucket["Properties"].get("LifecycleConfiguration", {}).get("Rules", [])
    assert not [rule for rule in rules if "NoncurrentVersionExpiration" in rule or "Expiration" in rule]


def test_checkpoints_are_kept_under_a_lock_that_nobody_can_shorten(template: dict[str, Any]) -> None:
    """11.10(c): versions, Object Lock in compliance mode for ten years, no rule that expires anything."""
    bucket = resources_of(template, "AWS::S3::Bucket")["AuditBucket"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    retention = bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert retention == {"Mode": "COMPLIANCE", "Days": TEN_YEARS_DAYS}
    assert "LifecycleConfiguration" not in bucket


def test_deleting_is_denied_to_everybody(template: dict[str, Any]) -> None:
    """11.10(c): by the bucket's policy for checkpoints, by the functions' own for records."""
    policy = resources_of(template, "AWS::S3::BucketPolicy")["AuditBucketPolicy"]["PolicyDocument"]["Statement"]
    denied = [each for each in policy if "s3:DeleteObjectVersion" in each["Action"]]
    assert [(each["Effect"], each["Principal"]) for each in denied] == [("Deny", "*")]
    append = resources_of(template, "AWS::IAM::ManagedPolicy")["LedgerAppendPolicy"]["PolicyDocument"]["Statement"]
    assert "dynamodb:DeleteItem" in {action for each in append if each["Effect"] == "Deny" for action in each["Action"]}


def test_a_locked_version_is_not_deleted_even_by_who_may_bypass_weaker_locks(s3: Any) -> None:
    """11.10(c): the delete is denied, the object is still there."""
    version = s3.put_object(Bucket=BUCKET, Key="checkpoints/000000000001.json", Body=b"{}")["VersionId"]
    request = {"Bucket": BUCKET, "Key": "checkpoints/000000000001.json", "VersionId": version}
    with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
        s3.delete_object(**request, BypassGovernanceRetention=True)
    assert s3.get_object(**request)["Body"].read() == b"{}"
