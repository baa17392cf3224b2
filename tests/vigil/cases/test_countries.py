from __future__ import annotations

import re

import pytest

from vigil.cases.countries import load_countries


def test_names_are_upper_case_and_codes_two_letters():
    for name, code in load_countries().items():
        assert name == name.upper().strip() and "  " not in name
        assert re.fullmatch("[A-Z]{2}", code)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("UNITED STATES", "US"),
        ("UNITED KINGDOM", "GB"),
        ("KOREA, REPUBLIC OF", "KR"),
        ("NORWAY", "NO"),
        ("COTE D'IVOIRE", "CI"),
        ("RUSSIAN FEDERATION", "RU"),
        ("TAIWAN, PROVINCE OF CHINA", "TW"),
        ("EUROPEAN UNION", "EU"),
    ],
)
def test_names_of_old_files_are_known(name, code):
    assert load_countries()[name] == code
