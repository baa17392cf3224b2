"""A user pool signs with key pairs of its own and publishes the public halves; moto has one key for the whole world.

As at AWS a pool has two, one for ID and one for access tokens, told apart by ``kid``
(https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html).
The private halves lie in moto's pool and so in its snapshot, which only the owner of the state folder can read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlparse

from joserfc import jwk
from moto.cognitoidp import urls
from moto.cognitoidp.models import CognitoIdpUserPool, cognitoidp_backends
from moto.cognitoidp.responses import CognitoIdpJsonWebKeyResponse

from local_aws.seams import around

BITS = 2048
KEYS = "local_aws_keys"
#: What a token is used for, as its claim ``token_use`` says.
USES = ("id", "access")


@around(CognitoIdpUserPool, "__init__")
def with_keys(original: Callable[..., None], pool: CognitoIdpUserPool, *arguments: Any, **named: Any) -> None:
    original(pool, *arguments, **named)
    pool.__dict__[KEYS] = _new_keys()


def _new_keys() -> dict[str, Any]:
    return {use: jwk.RSAKey.generate_key(BITS, private=True) for use in USES}


def key(pool: CognitoIdpUserPool, use: str) -> tuple[str, Any]:
    """The ``kid`` and the private key for tokens of this use."""
    if KEYS not in pool.__dict__:  # a pool that was saved before pools had keys of their own
        pool.__dict__[KEYS] = _new_keys()
    found = pool.__dict__[KEYS][use]
    return found.thumbprint(), found


def published(pool: CognitoIdpUserPool) -> dict[str, Any]:
    """The pool's ``jwks.json``."""
    keys = []
    for use in USES:
        kid, found = key(pool, use)
        public = found.as_dict(private=False)
        keys.append({"alg": "RS256", "e": public["e"], "kid": kid, "kty": "RSA", "n": public["n"], "use": "sig"})
    return {"keys": keys}


def serve(*arguments: Any) -> tuple[int, dict[str, str], bytes]:
    """moto calls it with the request, its URL and its headers."""
    name = urlparse(arguments[1]).path.strip("/").split("/")[0]
    for regions in list(cognitoidp_backends.values()):
        for backend in list(regions.values()):
            if name in backend.user_pools:
                body = json.dumps(published(backend.user_pools[name])).encode()
                return 200, {"Content-Type": "application/json"}, body
    message = {"message": f"User pool {re.sub('[^A-Za-z0-9_-]', '', name)} does not exist."}
    return 404, {"Content-Type": "application/json"}, json.dumps(message).encode()


_plain: Any = CognitoIdpJsonWebKeyResponse.serve_json_web_key
urls.url_paths.update({path: serve for path, view in urls.url_paths.items() if view is _plain})
CognitoIdpJsonWebKeyResponse.serve_json_web_key = staticmethod(serve)  # type: ignore[method-assign]
