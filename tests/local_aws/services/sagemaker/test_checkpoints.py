"""Copies of checkpoints, without a job.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-checkpoints.html
"""

from __future__ import annotations

from pathlib import Path
from unittest.mock import MagicMock

import pytest

from local_aws.services.s3_transfer import TransferError
from local_aws.services.sagemaker import checkpoints
from local_aws.services.sagemaker.checkpoints import Checkpoints


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The URIs that were written, in their order."""
    uris: list[str] = []
    monkeypatch.setattr(checkpoints, "download_prefix", lambda context, uri, folder: 0)
    monkeypatch.setattr(checkpoints, "upload_file", lambda context, path, uri: uris.append(uri))
    return uris


def test_only_what_is_new_is_copied_and_what_was_deleted_stays(tmp_path: Path, copied: list[str]) -> None:
    follower = Checkpoints(MagicMock(), {"S3Uri": "s3://b/c/"}, tmp_path, seconds=0.0)
    folder = tmp_path / "checkpoints"
    (folder / "epoch-1").write_text("one")
    follower.look()
    follower.look()
    (folder / "epoch-1").unlink()
    (folder / "deep").mkdir()
    (folder / "deep" / "epoch-2").write_text("two")
    follower.end()
    assert copied == ["s3://b/c/epoch-1", "s3://b/c/deep/epoch-2"]


def test_a_copy_waits_for_its_time(tmp_path: Path, copied: list[str]) -> None:
    config: checkpoints.CheckpointConfig = {"S3Uri": "s3://b/c", "LocalPath": "/opt/ml/saved"}
    follower = Checkpoints(MagicMock(), config, tmp_path, seconds=60.0)
    (tmp_path / "saved" / "epoch-1").write_text("one")
    follower.look()
    assert copied == []
    follower.end()
    assert copied == ["s3://b/c/epoch-1"]


def test_a_failed_copy_is_tried_again_and_only_the_last_one_fails_the_job(
    tmp_path: Path, copied: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise TransferError("s3://b/c could not be written")

    follower = Checkpoints(MagicMock(), {"S3Uri": "s3://b/c"}, tmp_path, seconds=0.0)
    (tmp_path / "checkpoints" / "epoch-1").write_text("one")
    monkeypatch.setattr(checkpoints, "upload_file", refuse)
    follower.look()
    with pytest.raises(TransferError):
        follower.end()
