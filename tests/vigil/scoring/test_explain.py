import numpy as np
import pytest

from vigil.cases.features import fit_feature_space
from vigil.cases.models import CaseReport
from vigil.scoring.explain import effects_of, strongest


def report(*reactions: str) -> CaseReport:
    return CaseReport(case_id="1", reactions=reactions)


def test_a_words_contribution_is_shared_among_the_terms_that_hold_it() -> None:
    case = report("renal pain", "renal failure", "unheard")
    space = fit_feature_space([report("renal pain", "renal failure")], min_document_frequency=1)
    contributions = np.zeros(space.size)
    contributions[space.word_columns["renal"]] = 1.0
    contributions[space.word_columns["failure"]] = 0.25
    contributions[space.term_columns["renal failure"]] = 2.0
    effects = effects_of(case, contributions, space)
    assert effects["renal pain"] == pytest.approx(0.5)
    assert effects["renal failure"] == pytest.approx(2.75)
    assert "unheard" not in effects


def test_a_value_and_its_missing_flag_are_one_thing() -> None:
    space = fit_feature_space([], fields=("age_years",))
    assert effects_of(report("rash"), np.array([0.5, -0.2]), space) == {"age": pytest.approx(0.3)}


def test_the_strongest_come_first_whatever_their_sign_and_zeros_are_dropped() -> None:
    assert strongest({"a": 0.1, "b": -0.5, "c": 0.0, "d": 0.1}, 3) == [("b", -0.5), ("a", 0.1), ("d", 0.1)]
