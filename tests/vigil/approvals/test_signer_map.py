"""Whose signature a user of Airflow may give: one signer for one user, and nobody by accident."""

from __future__ import annotations

import pytest

from vigil.approvals.signer_map import SAME_NAMES, UnusableSignersError, airflow_signers, signer_for


def test_each_user_signs_as_the_one_who_is_given_and_others_as_nobody() -> None:
    text = '{"assumed-role/approvers/jane": "jane", "joe": "joseph"}'
    assert signer_for("joe", text) == "joseph"
    assert signer_for("jane", text) is None


def test_the_same_names_are_said_in_words_and_an_empty_map_is_nobody() -> None:
    assert airflow_signers(SAME_NAMES) is None and signer_for("ana", SAME_NAMES) == "ana"
    assert airflow_signers("{}") == {} and signer_for("ana", "{}") is None


@pytest.mark.parametrize("text", ['{"ana": "ana", "dora": "ana"}', '{"ana": "ana", "dora": " ANA "}'])
def test_two_users_of_airflow_are_not_one_signer(text: str) -> None:
    with pytest.raises(UnusableSignersError, match="two users of Airflow, ana and dora"):
        airflow_signers(text)


@pytest.mark.parametrize(
    "text", ["", "same", "[]", "null", '"ana"', "{'ana': 'ana'}", '{"ana": ""}', '{"ana": " "}', '{"ana": 7}',
             '{"ana": {}}', '[["ana", "ana"]]', '{"ana": "ana", "ana": "omar"}'],
)  # fmt: skip
def test_what_is_no_map_is_refused(text: str) -> None:
    with pytest.raises(UnusableSignersError):
        airflow_signers(text)
