import io
import tarfile

import pytest
from moto_stack import MODEL_FILES, archive_of, tree_digest_of

from vigil.aws import artefacts
from vigil.aws.artefacts import ArtefactError, artefact_uri, fetch_digest, keep
from vigil.aws.objects import S3Uri


@pytest.fixture
def source(stack):
    uri = f"s3://{stack.parameters.buckets.models}/runs/1/training/job/output/model.tar.gz"
    stack.put(uri, archive_of(MODEL_FILES))
    return S3Uri.parse(uri)


def test_an_artefact_is_kept_under_the_digest_of_its_files(stack, source):
    kept = keep(source, stack.parameters.buckets.models)
    assert kept.digest == tree_digest_of(MODEL_FILES)
    assert kept.uri == artefact_uri(stack.parameters.buckets.models, kept.digest)
    assert fetch_digest(kept.uri) == kept.digest


def test_the_same_files_in_another_archive_are_the_same_artefact(stack, source):
    kept = keep(source, stack.parameters.buckets.models)
    reordered = dict(reversed(MODEL_FILES.items()))
    stack.put(source, archive_of(reordered))
    assert keep(source, stack.parameters.buckets.models) == kept


def test_what_lies_at_the_digests_key_is_never_overwritten_nor_believed(stack, source):
    digest = tree_digest_of(MODEL_FILES)
    planted = archive_of({"model.json": b"another"})
    place = artefact_uri(stack.parameters.buckets.models, digest)
    stack.put(place, planted)
    with pytest.raises(ArtefactError, match="does not hold what its name says"):
        keep(source, stack.parameters.buckets.models)
    body = stack.client("s3").get_object(Bucket=place.bucket, Key=place.key)["Body"].read()
    assert body == planted


def test_an_archive_that_reaches_outside_its_folder_is_refused(stack, source):
    stack.put(source, archive_of({"../outside": b"x"}))
    with pytest.raises(ArtefactError, match="cannot be unpacked"):
        fetch_digest(source)


def test_an_archive_with_a_link_out_is_refused(stack, source):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        link = tarfile.TarInfo("model.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    stack.put(source, buffer.getvalue())
    with pytest.raises(ArtefactError, match="cannot be unpacked"):
        fetch_digest(source)


def test_an_archive_that_unpacks_to_too_much_is_refused(stack, source, monkeypatch):
    monkeypatch.setattr(artefacts, "LARGEST_UNPACKED_BYTES", 10)
    with pytest.raises(ArtefactError, match="more than 10 bytes"):
        fetch_digest(source)


# Named: a part of an archive holds the time, and every process must know a test by the same name.
@pytest.mark.parametrize("content", [b"", b"no archive", archive_of(MODEL_FILES)[:90]], ids=["empty", "text", "cut"])
def test_a_damaged_archive_is_refused(stack, source, content):
    stack.put(source, content)
    with pytest.raises(ArtefactError):
        fetch_digest(source)
