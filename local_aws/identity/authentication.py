"""Whose call a request is, and the refusal of credentials that this server did not issue.

Any key is the operator's, as long as it does not look like one of this server's. Where roles are enforced, unknown
temporary keys are refused as AWS refuses them:
https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html,
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

from local_aws.api import ApiError
from local_aws.calls.incoming import IncomingCall
from local_aws.identity.credentials import PREFIX, ExpiredTokenError, Issuer, UnknownKeyError
from local_aws.identity.principals import OPERATOR, SERVER, Principal
from local_aws.identity.signature import signing_key
from local_aws.protocol import Response, protocol_of


class Authentication:
    """A guard that finds the principal of each call."""

    def __init__(self, issuer: Issuer, server_key: str, *, enforce: bool) -> None:
        self._issuer = issuer
        self._server_key = server_key
        self._enforce = enforce

    def before(self, call: IncomingCall) -> Response | None:
        access_key, token = signing_key(call.environ)
        if access_key is None and call.upload is not None:
            access_key, token = call.upload.access_key, call.upload.token
        call.access_key = access_key
        call.principal = self._principal(call.service, access_key, token)
        return None

    def after(self, call: IncomingCall, response: Response) -> Response:
        return response

    def _principal(self, service: str, access_key: str | None, token: str | None) -> Principal:
        if access_key == self._server_key:
            return SERVER
        if access_key is None or not access_key.startswith(PREFIX):
            return OPERATOR
        try:
            return self._issuer.principal(access_key, token)
        except UnknownKeyError:
            if self._enforce:
                raise _unknown(service) from None
            return OPERATOR
        except ExpiredTokenError:
            if self._enforce:
                raise _expired(service) from None
            return self._issuer.holder(access_key)


def _unknown(service: str) -> ApiError:
    if service == "s3":
        return ApiError(
            "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", status=403
        )
    message = "The security token included in the request is invalid."
    if protocol_of(service) == "query":
        return ApiError("InvalidClientTokenId", message, 403)
    return ApiError("UnrecognizedClientException", message, _status(service))


def _expired(service: str) -> ApiError:
    if service == "s3":
        return ApiError("ExpiredToken", "The provided token has expired.")
    message = "The security token included in the request is expired"
    if protocol_of(service) == "query":
        return ApiError("ExpiredToken", message, 403)
    return ApiError("ExpiredTokenException", message, _status(service))


def _status(service: str) -> int:
    """403 in the REST protocols, 400 where every error of a client is a 400."""
    return 403 if protocol_of(service).startswith("rest") else 400
