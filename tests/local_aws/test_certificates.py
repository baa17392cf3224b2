"""A certificate of ACM survives a snapshot. Recorded behaviour of this server."""

from __future__ import annotations

from pathlib import Path

from moto.acm.models import AWSCertificateManagerBackend

from local_aws.blobs import BlobFolder
from local_aws.pickling import Pickler, load


def test_a_requested_certificate_comes_back_from_a_snapshot(tmp_path: Path) -> None:
    backend = AWSCertificateManagerBackend("us-east-1", "123456789012")
    arn = backend.request_certificate("example.org", "token", [], [])
    blobs = BlobFolder(tmp_path)
    pickler = Pickler(blobs)
    pickler.dump(backend.__dict__["_certificates"])
    again = load(pickler.content(), blobs)
    assert again[arn]._cert == backend._certificates[arn]._cert
