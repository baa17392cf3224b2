from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from vigil.models import linear
from vigil.models.linear import LinearModel, NotConvergedError


def data(cases: int = 3000) -> tuple[sparse.csr_matrix, np.ndarray]:
    random = np.random.default_rng(1)
    features = sparse.csr_matrix((random.random((cases, 6)) < 0.3).astype(np.float32))
    log_odds = features @ np.array([2.0, -2.0, 1.0, 0.0, 0.0, 0.0]) - 0.5
    return features, random.random(cases) < 1 / (1 + np.exp(-log_odds))


def test_coefficients_find_what_makes_a_case_serious() -> None:
    fitted = LinearModel.fit(*data(), c=10.0)
    assert fitted.coefficients == pytest.approx([2, -2, 1, 0, 0, 0], abs=0.3)
    assert fitted.intercept == pytest.approx(-0.5, abs=0.2)


def test_a_saved_model_predicts_the_same(tmp_path: Path) -> None:
    features, serious = data()
    fitted = LinearModel.fit(features, serious, c=1.0)
    fitted.save(tmp_path / "linear.json")
    loaded = LinearModel.load(tmp_path / "linear.json")
    assert np.array_equal(loaded.log_odds(features), fitted.log_odds(features))


def test_a_solver_that_gives_up_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear, "MAX_ITERATIONS", 2)
    with pytest.raises(NotConvergedError, match="linear_c"):
        LinearModel.fit(*data(), c=1.0)
