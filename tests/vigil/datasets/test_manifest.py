from __future__ import annotations

import pytest

from vigil.datasets import manifest
from vigil.datasets.manifest import ManifestError


@pytest.fixture
def root(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "a.txt").write_bytes(b"one")
    (tmp_path / "b/c.txt").write_bytes(b"two")
    return tmp_path


def test_the_version_is_a_digest_of_paths_sizes_and_content(root):
    built = manifest.build(root)
    assert [(entry.path, entry.size) for entry in built.files] == [("a.txt", 3), ("b/c.txt", 3)]
    assert len(built.version) == 64
    (root / "a.txt").write_bytes(b"One")
    assert manifest.build(root).version != built.version


def test_a_stored_manifest_reads_back_and_does_not_list_itself(root):
    built = manifest.build(root)
    (root / manifest.MANIFEST_FILE).write_bytes(built.to_bytes())
    assert manifest.read(root) == built == manifest.build(root)
    manifest.verify(root, built)


def test_every_difference_is_named(root):
    built = manifest.build(root)
    (root / "a.txt").write_bytes(b"changed")
    (root / "b/c.txt").unlink()
    (root / "new.txt").write_bytes(b"")
    with pytest.raises(ManifestError) as caught:
        manifest.verify(root, built)
    for part in ("b/c.txt is missing", "new.txt is not in the manifest", "a.txt has 7 bytes"):
        assert part in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{}", b'{"files": [{"path": "a"}]}'])
def test_a_broken_manifest_is_an_error(root, content):
    (root / manifest.MANIFEST_FILE).write_bytes(content)
    with pytest.raises(ManifestError, match="is not a manifest"):
        manifest.read(root)


def test_a_missing_manifest_is_an_error(root):
    with pytest.raises(ManifestError, match="not a dataset version"):
        manifest.read(root)
