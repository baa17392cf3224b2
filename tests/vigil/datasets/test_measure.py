from __future__ import annotations

import pytest

from vigil.datasets.measure import against_older_quarters
from vigil.datasets.models import DatasetProfile, QuarterFigures


def profile(**quarters):
    return DatasetProfile(
        rows=0,
        columns={},
        quarters={
            name.upper(): QuarterFigures(rows=rows, serious_rate=rate, missing={"sex": missing})
            for name, (rows, rate, missing) in quarters.items()
        },
    )


def test_the_newest_quarter_is_compared_with_the_older_ones_by_their_weight():
    found = against_older_quarters(profile(a2023q1=(300, 0.5, 0.1), a2023q2=(100, 0.9, 0.3), a2023q3=(50, 0.7, 0.2)))
    assert found == {
        "newest.serious_rate": pytest.approx(0.1),
        "newest.missing.sex": pytest.approx(0.05),
        "serious_rate.least": 0.5,
        "serious_rate.most": 0.9,
    }


def test_a_single_quarter_has_nothing_to_be_compared_with():
    found = against_older_quarters(profile(a2023q1=(300, 0.5, 0.1)))
    assert found == {"serious_rate.least": 0.5, "serious_rate.most": 0.5}
