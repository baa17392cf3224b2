from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigil.cases.features import featurize
from vigil.cases.models import CaseReport
from vigil.models.artefact import BandLimits, load_model
from vigil.models.curated import CuratedSplit
from vigil.scoring.models import CaseScore
from vigil.scoring.score import ArtefactMismatchError, Scorer, band_of, load_scorer

LIMITS = BandLimits(high=0.7, medium=0.25, uncertain=0.15)


def one(scorer: Scorer, *reactions: str, **others: object) -> CaseScore:
    return scorer.score([CaseReport.model_validate({"case_id": "1", "reactions": reactions, **others})])[0]


def test_served_scores_are_the_evaluated_ones(trained, scorer: Scorer) -> None:
    """Skew: the probability for a report read from JSON equals the one computed from the dataset's row."""
    reports = list(CuratedSplit(trained.dataset, "test_next"))
    model = load_model(trained.folder)
    expected, _ = model.candidate(featurize(reports, model.space))
    served = [CaseReport.model_validate_json(report.model_dump_json(), strict=True) for report in reports]
    assert [score.probability for score in scorer.score(served)] == [round(float(value), 6) for value in expected]


def test_a_score_does_not_depend_on_its_company_or_on_the_time(trained, scorer: Scorer) -> None:
    reports = list(CuratedSplit(trained.dataset, "test"))[:40]
    together = scorer.score(reports)
    assert [scorer.score([report])[0] for report in reports] == together
    assert scorer.score(reports) == together


def test_serious_terms_score_high_and_are_named_with_their_sign(scorer: Scorer) -> None:
    serious = one(scorer, "Hepatic failure", "nausea")
    harmless = one(scorer, "device leakage", "injection site pain")
    assert serious.probability > 0.7 > 0.25 > harmless.probability
    assert serious.band == "high"
    assert serious.terms[0].term == "hepatic failure"
    assert serious.terms[0].effect > 0
    assert {term.term: term.effect for term in harmless.terms}["device leakage"] < 0


def test_effects_are_ordered_by_size_and_only_of_what_was_reported(scorer: Scorer) -> None:
    score = one(scorer, "rash", "never heard of", age_years=40)
    sizes = [abs(term.effect) for term in score.terms]
    assert sizes == sorted(sizes, reverse=True)
    assert {term.term for term in score.terms} <= {
        "rash", "age", "weight", "sex", "number of reactions", "number of drugs",
    }  # fmt: skip


def test_an_outcome_term_moves_nothing(scorer: Scorer) -> None:
    assert one(scorer, "death", "rash").probability == one(scorer, "never heard of", "rash").probability


def test_a_report_without_any_known_thing_is_scored(scorer: Scorer) -> None:
    assert 0 <= one(scorer).probability <= 1


@pytest.mark.parametrize(
    ("probability", "uncertainty", "band"),
    [(0.7, 0.0, "high"), (0.69, 0.0, "medium"), (0.25, 0.0, "medium"), (0.24, 0.14, "low"), (0.24, 0.15, "medium")],
)
def test_bands_follow_the_plans_limits_and_uncertainty_raises(
    probability: float, uncertainty: float, band: str
) -> None:
    assert band_of(probability, uncertainty, LIMITS) == band


@given(st.floats(0, 1), st.floats(0, 0.5), st.floats(0, 0.5))
def test_more_uncertainty_never_lowers_a_band(probability: float, less: float, more: float) -> None:
    order = ["low", "medium", "high"]
    less, more = sorted((less, more))
    bands = [band_of(probability, uncertainty, LIMITS) for uncertainty in (less, more)]
    assert order.index(bands[0]) <= order.index(bands[1])


@given(st.tuples(st.floats(0, 1), st.floats(0, 1)), st.floats(0, 0.5))
def test_a_higher_probability_never_lowers_a_band(pair: tuple[float, float], uncertainty: float) -> None:
    order = ["low", "medium", "high"]
    bands = [band_of(probability, uncertainty, LIMITS) for probability in sorted(pair)]
    assert order.index(bands[0]) <= order.index(bands[1])


def test_a_model_that_is_not_the_approved_one_is_not_loaded(trained, tmp_path: Path) -> None:
    with pytest.raises(ArtefactMismatchError, match="refusing to serve"):
        load_scorer(trained.folder, "f" * 64)
    with pytest.raises(ArtefactMismatchError, match="no model folder"):
        load_scorer(tmp_path / "absent", trained.digest)


def test_one_changed_byte_is_noticed(trained, tmp_path: Path) -> None:
    for path in trained.folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    member = bytearray((tmp_path / "member_00.ubj").read_bytes())
    member[len(member) // 2] ^= 1
    (tmp_path / "member_00.ubj").write_bytes(member)
    with pytest.raises(ArtefactMismatchError):
        load_scorer(tmp_path, trained.digest)


def test_the_effects_of_all_columns_follow_the_score(trained, scorer: Scorer) -> None:
    """The effects do not add up exactly (probabilities are averaged, not log-odds) but they rank the cases alike."""
    reports = list(CuratedSplit(trained.dataset, "test"))
    scores = scorer.score(reports)
    sums = np.argsort(np.argsort([sum(term.effect for term in score.terms) for score in scores]))
    ranks = np.argsort(np.argsort([score.probability for score in scores]))
    assert np.corrcoef(sums, ranks)[0, 1] > 0.98
