import pytest

from vigil.cases.outcome_terms import is_outcome_term, normalise_term


@pytest.mark.parametrize(
    "term",
    [
        "Death",
        "Sudden cardiac death",
        "Completed suicide",
        "Hospitalisation",
        "Disability",
        "No adverse event",
        "Hospice care",
        " foetal  DEATH ",
    ],
)
def test_terms_that_restate_the_outcome_are_recognised(term: str) -> None:
    assert is_outcome_term(normalise_term(term))


@pytest.mark.parametrize("term", ["Nausea", "Suicidal ideation", "Deafness", "Surgery", "Adverse event"])
def test_terms_that_tell_what_happened_are_kept(term: str) -> None:
    assert not is_outcome_term(normalise_term(term))
