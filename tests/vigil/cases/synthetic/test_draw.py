from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from vigil.cases.outcome_terms import is_outcome_term
from vigil.cases.synthetic.draw import Rows, draw_cases
from vigil.cases.synthetic.figures import Choices, load_figures


def lists(rows: Rows, count: int) -> list[list[str]]:
    found: list[list[str]] = [[] for _ in range(count)]
    for case, value in zip(rows.case.tolist(), rows.values.tolist(), strict=True):
        found[case].append(value)
    return found


def test_a_linear_model_on_the_terms_scores_as_on_real_reports():
    figures, scores = load_figures(), []
    for seed in (1, 2):
        cases = draw_cases(figures, 10_400, 1, np.random.default_rng(seed))
        bags = [
            {term: 1 for term in terms if not is_outcome_term(term.lower())}
            for terms in lists(cases.reactions, len(cases))
        ]
        matrix = DictVectorizer().fit_transform(bags)
        train, test = slice(0, 5_460), slice(7_800, None)
        model = LogisticRegression(C=0.5, solver="liblinear").fit(matrix[train], cases.serious[train])
        scores.append(roc_auc_score(cases.serious[test], model.decision_function(matrix[test])))
    assert 0.87 <= min(scores) <= max(scores) <= 0.92


def test_every_case_has_distinct_drugs_and_reactions():
    cases = draw_cases(load_figures(), 2_000, 1, np.random.default_rng(1))
    for rows in (cases.drugs, cases.reactions):
        for values in lists(rows, len(cases)):
            assert 1 <= len(values) == len(set(values))


def test_marginals_are_those_of_the_figures():
    figures = load_figures()
    cases = draw_cases(figures, 40_000, 1, np.random.default_rng(3))
    assert cases.serious.mean() == pytest.approx(figures.serious_share, abs=0.01)
    us = cases.countries == "US"
    assert us.mean() == pytest.approx(0.655, abs=0.02)
    assert cases.serious[~us].mean() > 0.95 > 0.45 > cases.serious[us].mean()
    assert np.isnan(cases.ages).mean() == pytest.approx(0.415, abs=0.02)
    expedited = cases.report_codes == "EXP"
    assert cases.serious[expedited].mean() > 0.95
    assert np.bincount(cases.reactions.case).mean() == pytest.approx(3.4, abs=0.2)


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=3), min_size=1, max_size=6), st.data())
def test_lists_go_with_their_cases(values, data):
    rows = Rows(
        np.repeat(np.arange(len(values)), [len(each) for each in values]),
        np.array([value for each in values for value in each], dtype=object),
    )
    chosen = data.draw(st.lists(st.integers(0, len(values) - 1), max_size=6))
    taken = rows.of(np.array(chosen, dtype=np.int64), len(values))
    assert lists(taken, len(chosen)) == [values[index] for index in chosen]


def test_sharpening_keeps_overall_shares_and_stretches_odds():
    choices = Choices.of([["a", 1, 3], ["b", 3, 1]])
    sharper = choices.sharpened(2.0)
    shares, before = np.diff(sharper.cumulative, axis=1, prepend=0), np.diff(choices.cumulative, axis=1, prepend=0)
    np.testing.assert_allclose(shares.sum(axis=0), before.sum(axis=0), atol=1e-4)
    assert shares[1, 0] / shares[0, 0] == pytest.approx(9, rel=1e-3)


def test_draws_follow_the_label():
    choices = Choices.of([["a", 1, 0], ["b", 0, 1]])
    serious = np.array([True, False] * 50)
    assert choices.draw_values(np.random.default_rng(0), serious).tolist() == ["b", "a"] * 50


def test_a_drugs_terms_are_those_reported_with_it():
    figures = load_figures()
    row = figures.drug_terms.rows["DUPIXENT"]
    drawn = figures.drug_terms.draw(np.random.default_rng(1), np.full(2_000, row))
    terms = figures.terms.texts[drawn].tolist()
    assert len(set(terms)) == 15
    assert max(set(terms), key=terms.count) == "Pruritus"
    assert figures.drug_terms.rows_of(np.array(["DUPIXENT", "no such drug"], dtype=object)).tolist() == [row, -1]
