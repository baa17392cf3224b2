"""Viewers see, approvers sign, and an Airflow user signs as one person only."""

from __future__ import annotations

import pytest
from approval_pages import ADDRESS, World, hidden
from fake_desk import PASSWORD

LIST = "/vigil/approvals"


@pytest.mark.parametrize("address", [LIST, ADDRESS])
@pytest.mark.parametrize(
    ("role", "status"), [(None, 401), ("stranger", 403), ("viewer", 200), ("signer", 200)], ids=str
)
def test_who_may_read(world: World, role: str | None, status: int, address: str) -> None:
    world.sign_in("ana", role) if role else world.sign_out()
    answer = world.browser.get(address)
    assert answer.status_code == status
    assert ("triage/1" in answer.text) == (status == 200)
    assert (sum(world.desk.calls.values()) == 1) == (status == 200)


@pytest.mark.parametrize(
    ("role", "status"), [(None, 401), ("stranger", 403), ("viewer", 403), ("signer", 200)], ids=str
)
def test_who_may_prepare_a_signature(world: World, role: str | None, status: int) -> None:
    token = hidden(world.browser.get(ADDRESS).text)["token"]
    world.sign_in("ana", role) if role else world.sign_out()
    answer = world.post("confirm", token=token, meaning="reviewed", comment="")
    assert answer.status_code == status
    assert world.desk.calls["prepare"] == (status == 200)


@pytest.mark.parametrize(
    ("role", "status"), [(None, 401), ("stranger", 403), ("viewer", 403), ("signer", 303)], ids=str
)
def test_who_may_sign(world: World, role: str | None, status: int) -> None:
    fields = world.confirmation()
    world.sign_in("ana", role) if role else world.sign_out()
    answer = world.post("sign", username="ana", password=PASSWORD, **fields)
    assert answer.status_code == status
    assert world.desk.calls["sign"] == (status == 303)
    assert len(world.desk.request.signatures) == (status == 303)


@pytest.mark.parametrize("role", ["viewer", "stranger"])
def test_who_may_not_sign_gets_no_form(world: World, role: str) -> None:
    world.sign_in("ana", role)
    assert "<form" not in world.browser.get(ADDRESS).text


def test_the_read_is_recorded_by_the_desk_in_the_name_of_airflows_user(world: World) -> None:
    world.sign_in("ana", "viewer")
    world.browser.get(ADDRESS)
    assert [(each.name, each.via, each.verified) for each in world.desk.readers] == [("ana", "airflow", True)]


def test_the_desk_is_told_whose_signature_alone_it_may_take(world: World) -> None:
    world.signers = '{"assumed-role/User/a.example": "ana"}'
    world.sign_in("assumed-role/User/a.example")
    fields = world.confirmation()
    assert world.post("sign", password=PASSWORD, **fields).status_code == 303
    [answer] = world.desk.answers
    assert answer.expected_signer == "ana"
    assert world.desk.request.signatures[0].signer == "ana"


def test_nobody_signs_for_somebody_else_even_with_their_password(world: World) -> None:
    fields = world.confirmation()
    answer = world.post("sign", username="omar", password=PASSWORD, **fields)
    assert answer.status_code == 403
    assert "nobody signs for somebody else" in answer.text
    assert not world.desk.request.signatures


def test_a_user_of_airflow_who_is_nobodys_signer_sees_why_and_cannot_sign(world: World) -> None:
    fields = world.confirmation()
    token = hidden(world.browser.get(ADDRESS).text)["token"]
    world.signers = '{"dana": "dana"}'
    page = world.browser.get(ADDRESS)
    assert "No signer is known for your Airflow user" in page.text and "<form" not in page.text
    for answer in (world.post("confirm", token=token, meaning="reviewed"), world.post("sign", password="x", **fields)):
        assert answer.status_code == 403
        assert "AirflowSigners" in answer.text
    assert world.desk.calls["sign"] == 0 and world.desk.calls["prepare"] == 1


def test_an_emptied_mapping_shuts_everybody_out(world: World) -> None:
    world.signers = "{}"
    page = world.browser.get(ADDRESS).text
    assert "No signer is known for your Airflow user" in page and "<form" not in page


@pytest.mark.parametrize(
    "mapping", ["", "[]", "{'ana': 'ana'}", '{"ana": ""}', '{"ana": 7}', "unused", '{"ana": "ana", "dora": "Ana"}']
)
def test_a_mapping_that_cannot_be_used_opens_nothing_and_says_what_to_mend(world: World, mapping: str) -> None:
    world.signers = mapping
    answer = world.browser.get(ADDRESS)
    assert answer.status_code == 500
    assert "people/airflow-signers" in answer.text and "AirflowSigners" in answer.text


def test_who_has_signed_is_not_asked_again(world: World) -> None:
    world.post("sign", username="ana", password=PASSWORD, **world.confirmation())
    page = world.browser.get(ADDRESS).text
    assert "You have signed this request" in page and "<form" not in page
    world.sign_in("omar")
    assert "<form" in world.browser.get(ADDRESS).text


def test_within_airflows_frame_a_sign_in_is_asked_for_outside_it(world: World) -> None:
    """A link there would open all of Airflow within its own frame."""
    world.sign_out()
    alone, framed = (world.browser.get(ADDRESS, headers={"Sec-Fetch-Dest": where}) for where in ("document", "iframe"))
    assert "Sign in to Airflow</a>" in alone.text and "load Airflow anew" not in alone.text
    assert "Sign in to Airflow</a>" not in framed.text and "load Airflow anew" in framed.text
