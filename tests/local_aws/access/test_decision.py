"""Allow, deny and their order, as in IAM's evaluation logic.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_aws.access.decision import Policies, Reason, decide
from local_aws.access.policies import AccessRequest, Statement, statements

ROLE = "arn:aws:iam::123456789012:role/reader"
SESSION = "arn:aws:sts::123456789012:assumed-role/reader/me"
ROOT = "arn:aws:iam::123456789012:root"
OBJECT = "arn:aws:s3:::bucket/key"
ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}
DENY = {**ALLOW, "Effect": "Deny"}


def policy(*elements: dict[str, Any]) -> tuple[Statement, ...]:
    return statements(json.dumps({"Version": "2012-10-17", "Statement": list(elements)}), "policy")


def request(action: str = "s3:GetObject", resource: str = OBJECT) -> AccessRequest:
    return AccessRequest(action, resource, (SESSION, ROLE, ROOT), {})


@pytest.mark.parametrize(
    ("policies", "reason"),
    [
        (Policies(), Reason.NO_IDENTITY_POLICY),
        (Policies(identity=policy(ALLOW)), None),
        (Policies(identity=policy({**ALLOW, "Action": ["S3:getobject"]})), None),
        (Policies(identity=policy({**ALLOW, "Action": "s3:Get?bject*"})), None),
        (Policies(identity=policy(ALLOW, DENY)), Reason.IDENTITY_DENIES),
        (Policies(identity=policy(ALLOW), resource=policy({**DENY, "Principal": "*"})), Reason.RESOURCE_DENIES),
        (Policies(resource=policy({**ALLOW, "Principal": {"AWS": ROLE}})), None),
        (Policies(resource=policy({**ALLOW, "Principal": {"AWS": SESSION}})), None),
        (Policies(resource=policy({**ALLOW, "Principal": "*"})), None),
        (Policies(resource=policy({**ALLOW, "Principal": {"AWS": ROOT}})), Reason.NO_IDENTITY_POLICY),
        (Policies(resource=policy({**ALLOW, "Principal": {"AWS": "123456789012"}})), Reason.NO_IDENTITY_POLICY),
        (Policies(resource=policy({**ALLOW, "Principal": {"Service": "s3.amazonaws.com"}})), Reason.NO_IDENTITY_POLICY),
        (
            Policies(identity=policy(ALLOW), resource=policy({**DENY, "NotPrincipal": {"AWS": [ROLE, SESSION]}})),
            None,
        ),
        (
            Policies(identity=policy(ALLOW), resource=policy({**DENY, "NotPrincipal": {"AWS": f"{ROLE}2"}})),
            Reason.RESOURCE_DENIES,
        ),
        (Policies(identity=policy(ALLOW), boundary=()), Reason.NO_BOUNDARY),
        (Policies(identity=policy(ALLOW), boundary=policy(ALLOW)), None),
        (Policies(identity=policy(ALLOW), boundary=policy(ALLOW, DENY)), Reason.BOUNDARY_DENIES),
        (Policies(boundary=policy(ALLOW)), Reason.NO_IDENTITY_POLICY),
        (Policies(identity=policy(ALLOW), resource_rules=True), Reason.NO_RESOURCE_POLICY),
        (
            Policies(
                identity=policy(ALLOW), resource=policy({**ALLOW, "Principal": {"AWS": ROOT}}), resource_rules=True
            ),
            None,
        ),
        (
            Policies(resource=policy({**ALLOW, "Principal": {"AWS": ROOT}}), resource_rules=True),
            Reason.NO_IDENTITY_POLICY,
        ),
        (Policies(identity=policy({"Effect": "Allow", "NotAction": "s3:Put*", "Resource": "*"})), None),
        (
            Policies(identity=policy({"Effect": "Allow", "NotAction": "s3:Get*", "Resource": "*"})),
            Reason.NO_IDENTITY_POLICY,
        ),
        (Policies(identity=policy({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::other/*"})), None),
        (
            Policies(identity=policy({"Effect": "Allow", "Action": "*", "NotResource": OBJECT})),
            Reason.NO_IDENTITY_POLICY,
        ),
    ],
)
def test_decision(policies: Policies, reason: Reason | None) -> None:
    assert decide(request(), policies).reason is reason


def test_grant_names_what_let_the_call_pass() -> None:
    listed = policy({**ALLOW, "Sid": "Read", "Action": ["s3:PutObject", "s3:Get*"]})
    [grant] = decide(request(), Policies(identity=listed)).grants
    assert (grant.policy, grant.statement, grant.action) == ("policy", "Read", "s3:Get*")
    assert grant.resource == "arn:aws:s3:::bucket/*"


@pytest.mark.parametrize("document", ["", "[]", "{}", '{"Statement": [{}]}', '{"Statement": ["x"]}', "not JSON"])
def test_unreadable_policy_grants_nothing(document: str) -> None:
    assert statements(document, "broken") == ()


elements = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Deny"]),
        "Action": st.sampled_from(["s3:GetObject", "s3:*", "*", "s3:PutObject"]),
        "Resource": st.sampled_from(["*", "arn:aws:s3:::bucket/*", "arn:aws:s3:::other/*"]),
    }
)


@given(st.lists(elements, max_size=5), st.lists(elements, max_size=3), st.lists(elements, max_size=3))
def test_a_further_deny_never_allows_and_a_matching_one_always_wins(
    identity: list[dict[str, Any]], resource: list[dict[str, Any]], boundary: list[dict[str, Any]]
) -> None:
    of_resource = [{**element, "Principal": "*"} for element in resource]
    before = decide(request(), Policies(policy(*identity), policy(*boundary), policy(*of_resource)))
    after = decide(request(), Policies(policy(*identity, DENY), policy(*boundary), policy(*of_resource)))
    assert not after.allowed
    unrelated = {**DENY, "Resource": "arn:aws:s3:::unrelated/*"}
    same = decide(request(), Policies(policy(*identity, unrelated), policy(*boundary), policy(*of_resource)))
    assert same.allowed == before.allowed
