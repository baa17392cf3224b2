"""The access key and session token in a request: in its signature, in a presigned query, or nowhere.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

KEY_IN_HEADER = re.compile(r"Credential=([^/,\s]+)/")
#: Signature version 2, which S3 clients still use for presigned URLs.
KEY_IN_OLD_HEADER = re.compile(r"AWS ([^:\s]+):")


def signing_key(environ: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """``(access key, session token)``; None where the request has none."""
    header = str(environ.get("HTTP_AUTHORIZATION", ""))
    match = KEY_IN_HEADER.search(header) or KEY_IN_OLD_HEADER.match(header)
    if match is not None:
        return match[1], environ.get("HTTP_X_AMZ_SECURITY_TOKEN")
    text = environ.get("QUERY_STRING", "")
    if "X-Amz-Credential" not in text and "AWSAccessKeyId" not in text:
        return None, None
    query = parse_qs(text)
    credential = query.get("X-Amz-Credential", query.get("AWSAccessKeyId", [""]))[0]
    token = query.get("X-Amz-Security-Token", query.get("x-amz-security-token", [None]))[0]
    return credential.partition("/")[0] or None, token
