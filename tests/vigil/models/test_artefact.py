import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

from vigil.cases.features import featurize
from vigil.digests import tree_digest
from vigil.models.artefact import ArtefactError, TriageModel, extract_model, load_model
from vigil.models.curated import CuratedSplit


@pytest.fixture
def folder(model: TriageModel, tmp_path: Path) -> Path:
    model.save(tmp_path / "model")
    return tmp_path / "model"


def test_a_loaded_model_scores_as_the_trained_one(model: TriageModel, folder: Path, dataset: Path) -> None:
    features = featurize(CuratedSplit(dataset, "test"), model.space)
    loaded = load_model(folder)
    assert np.array_equal(loaded.baseline(features), model.baseline(features))
    for mine, theirs in zip(loaded.candidate(features), model.candidate(features), strict=True):
        assert np.array_equal(mine, theirs)


def test_probability_and_uncertainty_stay_in_their_ranges(model: TriageModel, dataset: Path) -> None:
    probability, uncertainty = model.candidate(featurize(CuratedSplit(dataset, "test"), model.space))
    assert np.all((probability >= 0) & (probability <= 1))
    assert np.all((uncertainty >= 0) & (uncertainty <= 0.5))
    assert uncertainty.max() > 0


def test_weights_sum_to_one(model: TriageModel) -> None:
    assert sum(model.settings.weights) == pytest.approx(1, abs=1e-9)


def test_only_json_and_ubjson_are_written(folder: Path) -> None:
    assert {path.suffix for path in folder.iterdir()} == {".json", ".ubj"}


def test_saving_a_loaded_model_gives_the_same_digest(folder: Path, tmp_path: Path) -> None:
    load_model(folder).save(tmp_path / "again")
    assert tree_digest(tmp_path / "again") == tree_digest(folder)


def test_a_folder_with_other_files_is_not_written_into(model: TriageModel, tmp_path: Path) -> None:
    (tmp_path / "left over").touch()
    with pytest.raises(ArtefactError, match="not empty"):
        model.save(tmp_path)


@pytest.mark.parametrize("name", ["model.json", "feature_space.json", "linear.json", "member_01.ubj"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ArtefactError, match=f"lacks {name}"):
        load_model(folder)


@pytest.mark.parametrize("name", ["model.json", "feature_space.json", "linear.json", "member_01.ubj"])
def test_a_damaged_file_is_an_error_not_a_crash(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"{}")
    with pytest.raises(ArtefactError, match="damaged"):
        load_model(folder)


def test_members_of_another_feature_space_are_refused(folder: Path) -> None:
    space = json.loads((folder / "feature_space.json").read_text())
    space["terms"].pop()
    (folder / "feature_space.json").write_text(json.dumps(space))
    with pytest.raises(ArtefactError, match="do not fit"):
        load_model(folder)


def archive(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def test_an_archive_as_sagemaker_packs_it_is_extracted(folder: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as tar:
        tar.add(folder, arcname=".")
    extract_model(tmp_path / "model.tar.gz", tmp_path / "out")
    assert tree_digest(tmp_path / "out") == tree_digest(folder)


@pytest.mark.parametrize("name", ["../outside.json", "/etc/outside.json", "folder/model.json"])
def test_an_archive_that_reaches_outside_is_refused(tmp_path: Path, name: str) -> None:
    packed = archive(tmp_path / "model.tar.gz", (tarfile.TarInfo(name), b"x"))
    with pytest.raises(ArtefactError, match="no file of a model"):
        extract_model(packed, tmp_path / "out")
    assert not (tmp_path / "outside.json").exists()


def test_a_link_in_an_archive_is_refused(tmp_path: Path) -> None:
    link = tarfile.TarInfo("model.json")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
    with pytest.raises(ArtefactError, match="no file of a model"):
        extract_model(archive(tmp_path / "model.tar.gz", (link, b"")), tmp_path / "out")


def test_a_file_that_is_no_archive_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "model.tar.gz").write_bytes(b"not a tar")
    with pytest.raises(ArtefactError, match="not readable"):
        extract_model(tmp_path / "model.tar.gz", tmp_path / "out")
