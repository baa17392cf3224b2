"""Another site, another user, another act or a form of yesterday: none of them can send our forms (CSRF)."""

from __future__ import annotations

import pytest
from approval_pages import ADDRESS, ORIGIN, World, hidden
from fake_desk import PASSWORD
from page_reading import Page
from vigil_airflow.pages.approvals import forms, services

GOOD = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}


def token_of(world: World) -> str:
    return hidden(world.browser.get(ADDRESS).text)["token"]


def refused(world: World, answer: object) -> None:
    assert answer.status_code == 403  # type: ignore[attr-defined]
    assert world.desk.calls["prepare"] == 0 and world.desk.calls["sign"] == 0


@pytest.mark.parametrize(
    "token", ["", ".", "9999999999.", "9999999999." + "0" * 64, "²." + "0" * 64, "x" * 10_000, "é"]
)
def test_a_form_without_our_token_is_refused(world: World, token: str) -> None:
    token_of(world)
    refused(world, world.post("confirm", token=token, meaning="reviewed"))


def test_a_token_needs_the_cookie_that_it_was_made_with(world: World) -> None:
    token = token_of(world)
    world.browser.cookies.clear()
    refused(world, world.post("confirm", token=token, meaning="reviewed"))
    token_of(world)  # another cookie
    refused(world, world.post("confirm", token=token, meaning="reviewed"))


def test_another_users_token_is_refused(world: World) -> None:
    world.sign_in("omar")
    token = token_of(world)
    world.sign_in("ana")
    refused(world, world.post("confirm", token=token, meaning="reviewed"))


def test_a_token_is_good_for_one_request_only(world: World) -> None:
    world.desk.rows["apr-other"] = world.desk.request.model_copy(update={"request_id": "apr-other"})
    other = hidden(world.browser.get("/vigil/approvals/apr-other").text)["token"]
    refused(world, world.post("confirm", token=other, meaning="reviewed"))


def test_a_token_is_good_for_one_act_and_one_confirmation_only(world: World) -> None:
    to_confirm = token_of(world)
    first = world.confirmation()
    second = world.confirmation(meaning="rejected", comment="no")
    mixed = [first | {"token": to_confirm}, first | {"token": second["token"]}]
    for fields in mixed:
        assert world.post("sign", username="ana", password=PASSWORD, **fields).status_code == 403
    assert world.desk.calls["sign"] == 0


def test_a_form_that_was_open_for_too_long_is_refused_and_says_so(world: World) -> None:
    token = token_of(world)
    world.time += forms.VALID_SECONDS
    answer = world.post("confirm", token=token, meaning="reviewed")
    assert answer.status_code == 409 and world.desk.calls["prepare"] == 0
    assert Page(answer.text).all("h2")[0].text == "The page was open for too long"
    world.time -= 1
    assert world.post("confirm", token=token, meaning="reviewed").status_code == 200


def test_what_was_typed_into_a_form_that_was_open_for_too_long_can_be_sent_again(world: World) -> None:
    fields = hidden(world.browser.get(ADDRESS).text)
    world.time += forms.VALID_SECONDS
    again = world.post("confirm", meaning="rejected", comment="an hour of\r\nwork", **fields)
    said = hidden(again.text)
    assert ">an hour of\r\nwork</textarea>" in again.text and 'value="rejected" required checked' in again.text
    assert said["offered"] == fields["offered"] and said["token"] != fields["token"]
    assert world.post("confirm", meaning="rejected", comment="an hour of\r\nwork", **said).status_code == 200


def test_a_confirmation_that_was_open_for_too_long_signs_nothing_and_is_shown_once_more(world: World) -> None:
    fields = world.confirmation(comment="an hour of work")
    world.time += forms.VALID_SECONDS
    answer = world.post("sign", username="ana", password=PASSWORD, **fields)
    assert answer.status_code == 409 and world.desk.calls["sign"] == 0
    assert "The page was open for too long." in answer.text and PASSWORD not in answer.text
    assert world.post("sign", username="ana", password=PASSWORD, **hidden(answer.text)).status_code == 303
    assert world.desk.request.signatures[0].comment == "an hour of work"


def test_a_token_whose_end_was_moved_is_refused(world: World) -> None:
    until, _, seal = token_of(world).partition(".")
    refused(world, world.post("confirm", token=f"{int(until) + 60}.{seal}", meaning="reviewed"))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": ""},
        {"Origin": ORIGIN + ".evil.example"},
        {"Origin": ORIGIN + ":8080"},
        {"Origin": "file://airflow.example"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
def test_a_form_that_comes_from_elsewhere_is_refused_even_with_a_good_token(
    world: World, headers: dict[str, str]
) -> None:
    refused(world, world.post("confirm", headers=headers, token=token_of(world), meaning="reviewed"))


@pytest.mark.parametrize("headers", [GOOD, {"Origin": ORIGIN}, {"Sec-Fetch-Site": "same-origin"}], ids=str)
def test_our_own_form_is_taken(world: World, headers: dict[str, str]) -> None:
    assert world.post("confirm", headers=headers, token=token_of(world), meaning="reviewed").status_code == 200


def test_behind_a_proxy_airflows_own_address_counts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "own_address", lambda: "https://airflow.public.example/base")
    world.browser.cookies.clear()
    page = world.browser.get(ADDRESS)
    cookie = page.headers["set-cookie"]
    assert "Secure" in cookie
    world.browser.cookies.clear()  # the test's browser speaks http, so it would not send it back
    kept = {"Cookie": cookie.partition(";")[0], "Origin": "https://airflow.public.example"}
    assert world.post("confirm", kept, token=hidden(page.text)["token"], meaning="reviewed").status_code == 200


def test_the_cookie_is_for_this_page_alone_and_out_of_reach_of_scripts_and_other_sites(world: World) -> None:
    cookie = world.browser.get(ADDRESS).headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Path=/vigil/approvals" in cookie
    assert "Secure" not in cookie  # on plain http it would never come back
    assert "set-cookie" not in world.browser.get(ADDRESS).headers


def test_over_https_the_cookie_is_secure(world: World) -> None:
    world.browser.base_url = "https://airflow.example"
    assert "Secure" in world.browser.get(ADDRESS).headers["set-cookie"]


def test_only_forms_of_a_sensible_size_are_read(world: World) -> None:
    assert world.post("confirm", token="x", comment="y" * 70_000).status_code == 413
    chunked = world.browser.post(f"{ADDRESS}/confirm", content=iter([b"token=x"]), headers=GOOD)
    assert chunked.status_code == 411


def test_another_servers_secret_makes_other_tokens() -> None:
    made = forms.FormGuard("one", lambda: 0.0).token("cookie", "ana", "act")
    with pytest.raises(forms.ForeignFormError):
        forms.FormGuard("two", lambda: 0.0).check(made, "cookie", "ana", "act")


def test_the_parts_of_a_token_cannot_be_shifted_into_each_other() -> None:
    guard = forms.FormGuard("one", lambda: 0.0)
    made = guard.token("cookie", "an", "aact")
    with pytest.raises(forms.ForeignFormError):
        guard.check(made, "cookie", "ana", "act")
