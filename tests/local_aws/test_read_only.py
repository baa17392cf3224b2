"""What is taken for a read is one, for every operation of every service that moto serves.

Sources: botocore's models of the services, that is the methods, the marks and the documentation AWS gives there.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from moto.backend_index import backend_url_patterns

from local_aws.moto_backend import MotoBackend
from local_aws.protocol import Response
from local_aws.read_only import CHANGING, PREFIXES, READING, is_read_only

#: How the documentation of an operation that changes something begins.
CHANGES = re.compile(
    r"(?i)(given [\w\s]+, )?(adds|cancels|consumes?|creates?|deletes|generates|initiates|issues|modifies|registers"
    r"|removes|requests? a|returns or creates|sends|signs|starts|stores|supplying|updates|used by workers|writes)\b"
)
#: The documentation begins so and yet the operation only reads: looked at one by one.
READ_ALL_THE_SAME = {
    ("apigateway", "GetModelTemplate"),
    ("apigateway", "GetSdk"),
    ("ce", "GetRightsizingRecommendation"),
    ("cloudfront", "ListFieldLevelEncryptionProfiles"),
    ("cognito-idp", "GetCSVHeader"),
    ("cognito-idp", "ListWebAuthnCredentials"),
    ("ec2", "GetFlowLogsIntegrationTemplate"),
    ("emr-serverless", "GetDashboardForJobRun"),
    ("glue", "GetMapping"),
    ("kms", "GenerateMac"),
    ("kms", "Sign"),
    ("payment-cryptography", "GetCertificateSigningRequest"),
    ("quicksight", "DescribeTopicRefreshSchedule"),
    ("quicksight", "GetDashboardEmbedUrl"),
    ("quicksight", "GetSessionEmbedUrl"),
    ("redshift", "GetIdentityCenterAuthToken"),
    ("sagemaker", "ListAutoMLJobs"),
    ("secretsmanager", "GetRandomPassword"),
    ("ses", "TestRenderTemplate"),
    ("sesv2", "TestRenderEmailTemplate"),
    ("ssm", "GetExecutionPreview"),
    ("ssm", "ListNodesSummary"),
}
#: Names that another rule, by prefixes alone, once took for reads.
SEEN_LOST = [
    ("cognito-idp", "SignUp"),
    ("cognito-idp", "VerifySoftwareToken"),
    ("cognito-idp", "VerifyUserAttribute"),
    ("cognito-identity", "GetId"),
    ("ses", "VerifyEmailIdentity"),
    ("ses", "VerifyDomainIdentity"),
    ("ses", "VerifyDomainDkim"),
    ("ses", "VerifyEmailAddress"),
    ("swf", "SignalWorkflowExecution"),
    ("cloudformation", "SignalResource"),
    ("signer", "SignPayload"),
    ("sns", "VerifySMSSandboxPhoneNumber"),
    ("elasticache", "TestFailover"),
    ("dms", "TestConnection"),
]


@functools.cache
def operations() -> dict[tuple[str, str], dict[str, Any]]:
    session = botocore.session.get_session()
    loader = session.get_component("data_loader")
    motos = {name for name, _ in backend_url_patterns}
    served = [name for name in session.get_available_services() if {name, name.replace("-", "")} & motos]
    return {
        (service, name): operation
        for service in served
        for name, operation in loader.load_service_model(service, "service-2")["operations"].items()
    }


def reads() -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    return ((key, operation) for key, operation in operations().items() if is_read_only(*key))


def first_sentence(operation: dict[str, Any]) -> str:
    text = re.sub(r"<[^>]+>", " ", operation.get("documentation", "")).strip()
    return re.split(r"(?<=[.!?])\s", text, maxsplit=1)[0]


def test_no_read_has_a_method_that_changes() -> None:
    wrong = [key for key, operation in reads() if operation["http"]["method"] in ("PUT", "DELETE", "PATCH")]
    assert wrong == []


def test_what_the_documentation_says_to_change_something_is_no_read_unless_looked_at() -> None:
    found = {key for key, operation in reads() if CHANGES.match(first_sentence(operation))}
    assert found == READ_ALL_THE_SAME


def test_reads_by_other_than_the_plain_prefixes_are_those_listed() -> None:
    other = {key for key, _ in reads() if not key[1].startswith(PREFIXES)}
    assert other == {(service, name) for service, names in READING.items() for name in names}


def test_every_exception_exists_and_is_none_by_its_prefix() -> None:
    exceptions = {(service, name) for service, names in CHANGING.items() for name in names}
    assert exceptions <= set(operations())
    assert all(name.startswith(PREFIXES) for _, name in exceptions)
    assert not [key for key in exceptions if is_read_only(*key)]


@pytest.mark.parametrize(("service", "name"), SEEN_LOST)
def test_what_was_once_lost_is_a_change(service: str, name: str) -> None:
    assert (service, name) in operations()
    assert not is_read_only(service, name)


@pytest.mark.parametrize(
    ("action", "query", "kept"),
    [("SignUp", "", 1), ("GetUser", "", 0), ("", "Action=SendMessage", 1), ("", "Action=GetQueueUrl", 0), ("", "", 0)],
)
def test_a_change_is_kept_however_it_comes(monkeypatch: pytest.MonkeyPatch, action: str, query: str, kept: int) -> None:
    backend, changes = MotoBackend(), 0

    def change(*arguments: object) -> Response:
        nonlocal changes
        changes += 1
        return Response(200, {}, b"")

    monkeypatch.setattr(backend, "run", lambda *arguments: Response(200, {}, b""))
    monkeypatch.setattr(backend, "_change", change)
    backend.serve("cognito-idp", action, {"REQUEST_METHOD": "GET", "QUERY_STRING": query}, b"")
    assert changes == kept
