from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from vigil.cases.archive import open_archive
from vigil.cases.outcome_terms import is_outcome_term
from vigil.cases.parse import parse_deleted, parse_table
from vigil.cases.quarter import QuarterError, quarter_range
from vigil.cases.synthetic.draw import draw_cases
from vigil.cases.synthetic.figures import Choices, load_figures
from vigil.cases.synthetic.generate import generate

QUARTERS = quarter_range("2024Q1:2024Q3")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return generate(QUARTERS, 400, 7, tmp_path_factory.mktemp("synthetic"))


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(written, tmp_path):
    again = generate(QUARTERS, 400, 7, tmp_path / "again")
    other = generate(QUARTERS, 400, 8, tmp_path / "other")
    for first, second, third in zip(written, again, other, strict=True):
        assert first.path.read_bytes() == second.path.read_bytes() != third.path.read_bytes()


def test_archives_are_read_by_the_strict_parser_without_a_reject(written):
    for quarter in written:
        with open_archive(quarter.path) as archive:
            assert str(archive.quarter) == quarter.quarter
            for table in archive.files:
                blocks = list(parse_table(archive, table))
                assert sum(block.rows.num_rows for block in blocks) == quarter.lines[table]
                assert not any(block.rejects for block in blocks)
            assert len(parse_deleted(archive).case_ids) == quarter.deleted


def test_cases_get_newer_versions_in_later_quarters_and_some_are_withdrawn(written):
    versions: list[dict[str, str]] = []
    for quarter in written:
        with open_archive(quarter.path) as archive:
            rows = [row for block in parse_table(archive, "DEMO") for row in block.rows.to_pylist()]
        versions.append({row["caseid"]: row["caseversion"] for row in rows})
        assert len(versions[-1]) == len(rows)
    both = versions[0].keys() & versions[1].keys()
    assert len(both) > 20
    assert all(int(versions[1][case]) == int(versions[0][case]) + 1 for case in both)
    assert sum(quarter.deleted for quarter in written) > 0


def test_a_linear_model_on_the_terms_scores_as_on_real_reports():
    figures, scores = load_figures(), []
    for seed in (1, 2):
        cases = draw_cases(figures, 10_400, 4, np.random.default_rng(seed))
        bags = [{term: 1 for term in terms if not is_outcome_term(term.lower())} for terms in cases.reactions]
        matrix = DictVectorizer().fit_transform(bags)
        train, test = slice(0, 5_460), slice(7_800, None)
        model = LogisticRegression(C=0.5, solver="liblinear").fit(matrix[train], cases.serious[train])
        scores.append(roc_auc_score(cases.serious[test], model.decision_function(matrix[test])))
    assert 0.87 <= min(scores) <= max(scores) <= 0.92


def test_a_quarter_of_another_layout_is_refused(tmp_path):
    with pytest.raises(QuarterError, match="2014Q2 does not have the current FAERS layout"):
        generate(quarter_range("2014Q2:2014Q3"), 100, 7, tmp_path)


def test_sharpening_keeps_overall_shares_and_stretches_odds():
    choices = Choices.of([["a", 1, 3], ["b", 3, 1]])
    sharper = choices.sharpened(2.0)
    shares, before = np.diff(sharper.cumulative, axis=1, prepend=0), np.diff(choices.cumulative, axis=1, prepend=0)
    np.testing.assert_allclose(shares.sum(axis=0), before.sum(axis=0), atol=1e-4)
    assert shares[1, 0] / shares[0, 0] == pytest.approx(9, rel=1e-3)


def test_draws_follow_the_label():
    choices = Choices.of([["a", 1, 0], ["b", 0, 1]])
    serious = np.array([True, False] * 50)
    assert choices.draw_values(np.random.default_rng(0), serious) == ["b", "a"] * 50
