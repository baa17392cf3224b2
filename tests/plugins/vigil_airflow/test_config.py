from __future__ import annotations

import pytest
from vigil_airflow.config import VigilVersionError, require_vigil


def test_the_installed_version_is_accepted() -> None:
    from importlib.metadata import version

    require_vigil(version("vigil"))


def test_another_version_is_refused_with_both_and_what_to_do() -> None:
    with pytest.raises(VigilVersionError, match=r"needs vigil 99\.0, installed is .*update the environment"):
        require_vigil("99.0")
