import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigil.cases.feature_fields import BANNED_FIELDS, FEATURE_FIELDS
from vigil.cases.features import BannedFeatureError, FeatureSpace, featurize, fit_feature_space
from vigil.cases.models import CaseReport

TERMS = ("nausea", "injection site pain", "acute kidney injury", "death", "renal injury", "Rash ", "zymosis")


def report(*reactions: str, **others: object) -> CaseReport:
    return CaseReport.model_validate({"case_id": "1", "reactions": reactions, **others})


def space_of(*reports: CaseReport, least: int = 1) -> FeatureSpace:
    return fit_feature_space(reports, min_document_frequency=least)


KNOWN = space_of(*(report(term) for term in TERMS[:-1]))

reports = st.builds(
    CaseReport,
    case_id=st.just("1"),
    reactions=st.lists(st.sampled_from(TERMS), max_size=8).map(tuple),
    drugs=st.lists(st.sampled_from(["a", "b", "c"]), max_size=4).map(tuple),
    age_years=st.none() | st.floats(0, 150),
    weight_kg=st.none() | st.floats(0, 700),
    sex=st.sampled_from([None, "F", "M"]),
    reporter_country=st.sampled_from([None, "US", "JP"]),
)


def row(one: CaseReport, space: FeatureSpace = KNOWN) -> np.ndarray:
    return featurize([one], space).toarray()[0]


@given(reports, st.randoms(use_true_random=False))
def test_the_order_of_terms_and_drugs_does_not_matter(one: CaseReport, shuffler: random.Random) -> None:
    reactions, drugs = list(one.reactions), list(one.drugs)
    shuffler.shuffle(reactions)
    shuffler.shuffle(drugs)
    permuted = one.model_copy(update={"reactions": tuple(reactions), "drugs": tuple(drugs)})
    assert np.array_equal(row(one), row(permuted))


@given(reports, st.sampled_from(["US", "JP", None]), st.text(max_size=8))
def test_country_and_case_number_never_reach_the_features(one: CaseReport, country: str | None, number: str) -> None:
    other = one.model_copy(update={"reporter_country": country, "case_id": number})
    assert np.array_equal(row(one), row(other))


@given(st.lists(reports, max_size=6))
@settings(max_examples=50)
def test_a_row_does_not_depend_on_the_other_rows_and_stores_no_zero(several: list[CaseReport]) -> None:
    matrix = featurize(iter(several), KNOWN)
    assert matrix.shape == (len(several), KNOWN.size)
    assert np.all(matrix.data != 0)
    for index, one in enumerate(several):
        assert np.array_equal(matrix.toarray()[index], row(one))


@given(reports)
def test_a_served_request_gives_the_features_of_training(one: CaseReport) -> None:
    """The skew test: over JSON and back, for the report and for the feature space."""
    served_space = FeatureSpace.model_validate_json(KNOWN.model_dump_json())
    served = CaseReport.model_validate_json(one.model_dump_json(), strict=True)
    assert np.array_equal(row(served, served_space), row(one))


def test_terms_are_looked_up_whatever_their_case_and_blanks() -> None:
    assert np.array_equal(row(report("  Injection SITE   pain")), row(report("injection site pain")))


def test_unknown_terms_change_nothing_but_the_count() -> None:
    changed = np.flatnonzero(row(report("nausea")) != row(report("nausea", "never heard of")))
    assert [KNOWN.names[column] for column in changed] == ["reactions.log_count"]


def test_words_carry_over_to_terms_never_seen() -> None:
    found = featurize([report("renal pain")], KNOWN).nonzero()[1]
    assert {"word:renal", "word:pain"} <= {KNOWN.names[column] for column in found}


def test_outcome_terms_are_no_features() -> None:
    assert "death" in TERMS
    assert not [name for name in KNOWN.names if "death" in name]


def test_a_report_of_an_outcome_alone_looks_like_one_unknown_term() -> None:
    assert np.array_equal(row(report("death")), row(report("never heard of")))


def test_terms_below_the_document_frequency_are_left_out() -> None:
    space = space_of(report("rash", "nausea"), report("rash"), least=2)
    assert space.terms == ("rash",)
    assert space.words == ("rash",)


def test_age_zero_is_not_a_missing_age() -> None:
    assert not np.array_equal(row(report("rash", age_years=0)), row(report("rash")))


def test_a_report_without_drugs_counts_as_one_drug() -> None:
    assert np.array_equal(row(report("rash")), row(report("rash", drugs=("a",))))
    assert not np.array_equal(row(report("rash")), row(report("rash", drugs=("a", "b"))))


@pytest.mark.parametrize("field", sorted(BANNED_FIELDS))
def test_a_banned_field_is_refused_by_name(field: str) -> None:
    with pytest.raises(BannedFeatureError, match=rf"banned as features: {field}: .+"):
        fit_feature_space([], fields=(*FEATURE_FIELDS, field))


def test_a_field_that_no_feature_is_made_from_is_refused_by_name() -> None:
    with pytest.raises(BannedFeatureError, match="shoe_size"):
        fit_feature_space([], fields=("reactions", "shoe_size"))


def test_a_feature_space_read_from_a_file_is_checked_too() -> None:
    document = KNOWN.model_dump(mode="json") | {"fields": [*KNOWN.fields, "report_code"]}
    with pytest.raises(ValueError, match="report_code"):
        FeatureSpace.model_validate(document)


def test_fields_that_are_left_out_give_no_columns() -> None:
    space = fit_feature_space([report("rash")], min_document_frequency=1, fields=("age_years",))
    assert space.names == ("age_years", "age_years.missing")
    assert featurize([report("rash", age_years=50)], space).toarray().tolist() == [[1.0, 0.0]]
