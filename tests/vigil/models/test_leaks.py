import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.metrics import roc_auc_score

from vigil.models.leaks import column_aurocs


@given(st.integers(0, 2**32 - 1))
def test_each_columns_auroc_is_what_scikit_learn_finds(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.integers(0, 4, size=(30, 5)) * (random.random((30, 5)) < 0.6)
    serious = np.array([True, False, *(random.random(28) < 0.5)])
    found = column_aurocs(sparse.csr_matrix(values.astype(np.float32)), serious)
    assert found == pytest.approx([roc_auc_score(serious, values[:, column]) for column in range(5)])


def test_an_empty_column_tells_nothing() -> None:
    assert column_aurocs(sparse.csr_matrix((4, 1)), np.array([True, False, True, False])).tolist() == [0.5]
