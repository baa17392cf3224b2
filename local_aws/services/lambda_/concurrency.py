"""Reserved concurrency, and the account's limits.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
"""

from __future__ import annotations

from typing import Any

from local_aws.api import ApiError, Context, operation
from local_aws.services.lambda_ import code, model

#: AWS's default quotas (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
ACCOUNT_CONCURRENCY = 1000
LEAST_UNRESERVED = 100
TOTAL_CODE_BYTES = 75 * 1024**3
MEMBER = "ReservedConcurrentExecutions"


@operation("lambda", "PutFunctionConcurrency")
def put_function_concurrency(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    """0 stops the function; what runs already runs on."""
    with aws.store.transaction():
        name, reserved = _name(aws, request), request[MEMBER]
        others = sum(one[MEMBER] for key, one in aws.store.list(model.CONCURRENCY_KIND) if key != name)
        if ACCOUNT_CONCURRENCY - others - reserved < LEAST_UNRESERVED:
            raise ApiError(
                "InvalidParameterValueException",
                f"Specified {MEMBER} for function decreases account's UnreservedConcurrentExecution below its minimum "
                f"value of [{LEAST_UNRESERVED}].",
            )
        aws.store.put(model.CONCURRENCY_KIND, name, {MEMBER: reserved})
    return {MEMBER: reserved}


@operation("lambda", "GetFunctionConcurrency")
def get_function_concurrency(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    return aws.store.get(model.CONCURRENCY_KIND, _name(aws, request)) or {}


@operation("lambda", "DeleteFunctionConcurrency")
def delete_function_concurrency(aws: Context, request: dict[str, Any]) -> None:
    aws.store.delete(model.CONCURRENCY_KIND, _name(aws, request))


@operation("lambda", "GetAccountSettings")
def get_account_settings(aws: Context, request: dict[str, Any]) -> dict[str, Any]:
    functions = [function for _, function in aws.store.list(model.KIND)]
    reserved = sum(one[MEMBER] for _, one in aws.store.list(model.CONCURRENCY_KIND))
    return {
        "AccountLimit": {
            "TotalCodeSize": TOTAL_CODE_BYTES,
            "CodeSizeUnzipped": code.LARGEST_UNZIPPED_BYTES,
            "CodeSizeZipped": code.LARGEST_REQUEST_BYTES,
            "ConcurrentExecutions": ACCOUNT_CONCURRENCY,
            "UnreservedConcurrentExecutions": ACCOUNT_CONCURRENCY - reserved,
        },
        "AccountUsage": {
            "TotalCodeSize": sum(function["configuration"]["CodeSize"] for function in functions),
            "FunctionCount": len(functions),
        },
    }


def _name(aws: Context, request: dict[str, Any]) -> str:
    return str(model.find(aws, request["FunctionName"])["configuration"]["FunctionName"])
