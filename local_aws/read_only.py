"""Which operations change nothing: the one rule by which changes are kept and calls are recorded.

An operation reads if its name begins as AWS's reads do and ``CHANGING`` does not name it, or if ``READING`` names it.
Anything unknown counts as a change: to keep a read costs a moment, a change that is not kept is lost.
"""

from __future__ import annotations

PREFIXES = ("BatchGet", "Describe", "Get", "Head", "List")
#: By botocore's name of the service: what begins like a read and is none.
CHANGING: dict[str, frozenset[str]] = {
    # The results that were set up for queries are handed out one by one.
    "athena": frozenset({"GetQueryResults"}),
    "bedrock-agentcore": frozenset({"GetResourcePaymentToken"}),
    "cognito-identity": frozenset(
        {"GetCredentialsForIdentity", "GetId", "GetOpenIdToken", "GetOpenIdTokenForDeveloperIdentity"}
    ),
    "cognito-idp": frozenset({"GetClientToken", "GetTokensFromRefreshToken", "GetUserAttributeVerificationCode"}),
    "iot": frozenset({"DescribeEndpoint"}),
    "redshift": frozenset({"GetClusterCredentials", "GetClusterCredentialsWithIAM"}),
    "sagemaker": frozenset({"GetScalingConfigurationRecommendation"}),
    "stepfunctions": frozenset({"GetActivityTask"}),
    "xray": frozenset({"GetSamplingTargets"}),
}
#: By botocore's name of the service: reads whose names do not say so.
READING: dict[str, frozenset[str]] = {
    "cloudformation": frozenset({"ValidateTemplate"}),
    "cloudtrail": frozenset({"LookupEvents"}),
    "dynamodb": frozenset({"Query", "Scan", "TransactGetItems"}),
    "events": frozenset({"TestEventPattern"}),
    "glue": frozenset({"QuerySchemaVersionMetadata", "SearchTables"}),
    "iam": frozenset({"SimulateCustomPolicy", "SimulatePrincipalPolicy"}),
    "kms": frozenset(
        {"Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"}
        | {"GenerateDataKeyWithoutPlaintext", "GenerateMac", "GenerateRandom", "ReEncrypt", "Sign", "Verify"}
        | {"VerifyMac"}
    ),
    "logs": frozenset({"FilterLogEvents", "TestMetricFilter"}),
    "sagemaker": frozenset({"QueryLineage", "Search"}),
    "secretsmanager": frozenset({"ValidateResourcePolicy"}),
    "ses": frozenset({"TestRenderTemplate"}),
    "sesv2": frozenset({"TestRenderEmailTemplate"}),
    "stepfunctions": frozenset({"TestState", "ValidateStateMachineDefinition"}),
}


def is_read_only(service: str, operation: str) -> bool:
    """Whether ``operation`` of botocore's ``service`` changes nothing that a later call could see."""
    if operation in READING.get(service, ()):
        return True
    return operation.startswith(PREFIXES) and operation not in CHANGING.get(service, ())
