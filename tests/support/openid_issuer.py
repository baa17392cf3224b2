"""A tiny OpenID provider on this machine: its own keys, published over HTTP, and ID tokens signed with them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

AUDIENCE = "vigil-desk"


@dataclass
class Issuer:
    """``keys``: private keys by name; those in ``published`` can be fetched. ``fetches`` counts how often they were."""

    url: str = ""
    keys: dict[str, Any] = field(default_factory=dict)
    published: set[str] = field(default_factory=set)
    fetches: int = 0
    broken: int | None = None

    @property
    def jwks_uri(self) -> str:
        return f"{self.url}/jwks.json"

    def add_key(self, kid: str, elliptic: bool = False, publish: bool = True) -> None:
        self.keys[kid] = ec.generate_private_key(ec.SECP256R1()) if elliptic else rsa.generate_private_key(65537, 2048)
        if publish:
            self.published.add(kid)

    def document(self) -> dict[str, Any]:
        return {"keys": [self._public(kid) for kid in sorted(self.published)]}

    def public_pem(self, kid: str) -> bytes:
        pem: bytes = self.keys[kid].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return pem

    def claims(self, now: datetime, this_nonce: str, **changes: Any) -> dict[str, Any]:
        """Those of Ana, who signed in now for this nonce. A change to None leaves the claim out."""
        at = int(now.timestamp())
        usual = {"iss": self.url, "aud": AUDIENCE, "sub": "subject-of-ana", "preferred_username": "ana"}
        usual |= {"groups": ["model-owner"], "nonce": this_nonce, "auth_time": at, "iat": at, "exp": at + 300}
        return {name: value for name, value in (usual | changes).items() if value is not None}

    def token(self, claims: dict[str, Any], kid: str = "one", name: str | None = None) -> str:
        """``name``: the ``kid`` that the token carries, where it is another than its key's."""
        algorithm = "ES256" if isinstance(self.keys[kid], ec.EllipticCurvePrivateKey) else "RS256"
        return jwt.encode(claims, self.keys[kid], algorithm, headers={"kid": name or kid})

    def _public(self, kid: str) -> dict[str, Any]:
        key = self.keys[kid].public_key()
        algorithm = ECAlgorithm if isinstance(key, ec.EllipticCurvePublicKey) else RSAAlgorithm
        return {**json.loads(algorithm.to_jwk(key)), "kid": kid, "use": "sig"}


@contextmanager
def openid_issuer() -> Iterator[Issuer]:
    issuer = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.fetches += 1
            self.send_response(issuer.broken or 200)
            if issuer.broken == 302:
                self.send_header("Location", f"{issuer.url}/elsewhere")
            self.end_headers()
            self.wfile.write(json.dumps(issuer.document()).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    issuer.url = f"http://127.0.0.1:{server.server_port}"
    issuer.add_key("one")
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
