"""S3's upload by a web form (POST Object): who signs, and what is written, are fields of the form.

https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html,
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.core.request import Request
from moto.s3.responses import S3Response
from moto.s3.utils import bucket_name_from_url

FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
#: Fields that are parameters of ``PutObject``.
FIELDS = {
    "acl": "ACL",
    "tagging": "Tagging",
    "x-amz-storage-class": "StorageClass",
    "x-amz-server-side-encryption": "ServerSideEncryption",
    "x-amz-server-side-encryption-aws-kms-key-id": "SSEKMSKeyId",
}


@dataclass(frozen=True)
class FormUpload:
    """``parameters`` are those of ``PutObject``, without the body."""

    parameters: Mapping[str, Any]
    access_key: str | None
    token: str | None = field(repr=False)


def form_upload(request: Request) -> FormUpload | None:
    """The upload that a request to S3 is; None for any other request."""
    if request.method != "POST" or not str(request.content_type or "").lower().startswith(FORMS):
        return None
    fields = {name.lower(): value for name, value in request.form.items()}
    if "key" not in fields:
        return None
    named = request.files.get("file")
    key = fields["key"].replace("${filename}", posixpath.basename(named.filename or "") if named else "${filename}")
    parameters = {"Bucket": _bucket(request), "Key": key, "Body": b""}
    parameters |= {name: fields[each] for each, name in FIELDS.items() if fields.get(each)}
    credential = fields.get("x-amz-credential", fields.get("awsaccesskeyid", ""))
    return FormUpload(parameters, credential.partition("/")[0] or None, fields.get("x-amz-security-token"))


def _bucket(request: Request) -> str:
    """Read as moto reads it, which serves the upload."""
    if S3Response.subdomain_based_buckets(request):
        return str(bucket_name_from_url(request.url) or "")
    return str(request.path.lstrip("/").partition("/")[0])
