"""From the form to the signature: two POSTs, what is signed shown between, a clear answer to whatever fails."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from approval_pages import ADDRESS, REQUEST, World, hidden
from fake_desk import PASSWORD, SESSION
from page_reading import Page

from vigil.approvals import errors
from vigil.approvals.models import Meaning, PasswordProof, SessionProof, Status

BROKEN = {"problem": "the evaluation was changed", "evaluation": None}


def choices(page: str) -> list[str]:
    return [each["value"] for each in Page(page).all("input") if each["type"] == "radio"]


def test_the_confirmation_repeats_all_that_is_signed_and_signs_nothing(world: World) -> None:
    token = hidden(world.browser.get(ADDRESS).text)["token"]
    page = world.post("confirm", token=token, meaning="reviewed", comment="subgroup of children is small").text
    facts = world.desk.request.facts
    for value in (
        facts.model_package_arn, facts.artefact_digest, facts.artefact_uri, facts.image, facts.dataset_version,
        facts.evaluation_digest, facts.evaluation_uri, facts.plan_digest, facts.code_revision, "9" * 64, REQUEST,
        "subgroup of children is small", "I have reviewed how this candidate came about", "quality assurance",
        "Nothing is signed yet",
    ):  # fmt: skip
        assert value in page
    assert 'value="ana" readonly' in page
    assert world.desk.calls["sign"] == 0 and not world.desk.request.signatures


def test_a_signature_leads_back_to_the_request_which_says_who_signed_what(world: World) -> None:
    answer = world.post("sign", username="ana", password=PASSWORD, **world.confirmation())
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{ADDRESS}?signature=chl-0001"
    assert PASSWORD not in str(answer.headers) and answer.text == ""
    page = world.browser.get(answer.headers["location"]).text
    assert "Ana Example signed “reviewed” as quality assurance" in page
    assert "still waits for: model owner (approved)" in page
    [given] = world.desk.answers
    assert isinstance(given.proof, PasswordProof) and given.proof.username == "ana"


def test_two_people_in_two_roles_approve(world: World) -> None:
    world.post("sign", username="ana", password=PASSWORD, **world.confirmation())
    world.sign_in("omar")
    answer = world.post("sign", username="omar", password=PASSWORD, **world.confirmation(meaning="approved"))
    page = world.browser.get(answer.headers["location"]).text
    assert world.desk.request.status is Status.APPROVED
    assert "The request is now: Approved" in page
    for shown in ("Ana Example", "Omar Example", "2026-03-02 09:30:00 UTC", "signature verifies", "read it all"):
        assert shown in page  # 21 CFR 11.50(b): on every form in which people read the record


def test_the_notice_of_a_signature_cannot_be_made_up(world: World) -> None:
    assert "<h2>Signed</h2>" not in world.browser.get(f"{ADDRESS}?signature=chl-0001").text


@pytest.mark.parametrize(
    ("meaning", "comment"), [("", ""), ("signed", "why"), ("reviewed", "x" * 4001), ("rejected", " ")]
)
def test_an_incomplete_decision_is_shown_again_as_it_was_typed(world: World, meaning: str, comment: str) -> None:
    token = hidden(world.browser.get(ADDRESS).text)["token"]
    answer = world.post("confirm", token=token, meaning=meaning, comment=comment)
    assert answer.status_code == 422
    assert "Your decision is not complete" in answer.text and f">{comment}</textarea>" in answer.text
    assert ("checked" in answer.text) == (meaning in list(Meaning))
    again = world.post("confirm", token=hidden(answer.text)["token"], meaning="rejected", comment="too few cases")
    assert again.status_code == 200


def test_an_incomplete_decision_offers_what_the_request_offered(world: World) -> None:
    """One form, one rule; and reading the request again for it would be recorded as a look at the evidence."""
    world.post("sign", username="ana", password=PASSWORD, **world.confirmation())
    world.sign_in("omar")
    for problem, offered in (({}, ["approved", "rejected"]), (BROKEN, ["rejected"])):
        world.desk.changes = dict(problem)
        form = world.browser.get(ADDRESS).text
        read = world.desk.calls["show"]
        again = world.post("confirm", meaning="rejected", comment="", **hidden(form)).text
        third = world.post("confirm", meaning="", comment="", **hidden(again)).text
        assert offered == choices(form) == choices(again) == choices(third)
        assert world.desk.calls["show"] == read


def test_meanings_that_no_form_offers_are_not_taken_into_one(world: World) -> None:
    token = hidden(world.browser.get(ADDRESS).text)["token"]
    answer = world.post("confirm", token=token, offered='reviewed "><script> signed')
    assert choices(answer.text) == ["reviewed"] and "<script>" not in answer.text


def test_a_busy_desk_ends_no_continuous_period_of_signing(world: World) -> None:
    world.desk.session = SESSION
    world.post("sign", username="ana", password=PASSWORD, **world.confirmation())
    world.desk.change(signatures=[])
    fields = world.confirmation()
    world.desk.refusals["sign"] = errors.BusyError("try again")
    answer = world.post("sign", username="ana", password=PASSWORD, **fields)
    assert "Within your continuous period" in answer.text and "set-cookie" not in answer.headers


def test_after_a_wrong_password_the_same_is_asked_again_without_it(world: World) -> None:
    answer = world.post("sign", username="ana", password="wrong-Pa55", **world.confirmation(comment="as I said"))
    assert answer.status_code == 403
    assert "user name or the password is wrong" in answer.text and "wrong-Pa55" not in answer.text
    assert "as I said" in answer.text
    fields = hidden(answer.text)
    assert fields["challenge_id"] == "chl-0002"  # fixed anew: the first was consumed
    assert world.post("sign", username="ana", password=PASSWORD, **fields).status_code == 303
    assert world.desk.request.signatures[0].comment == "as I said"


@pytest.mark.parametrize(
    "error", [errors.BusyError("try again"), errors.ProviderUnavailableError("no answer")], ids=str
)
def test_what_failed_by_chance_can_be_tried_again_at_once(world: World, error: errors.ApprovalError) -> None:
    fields = world.confirmation(comment="as I said")
    world.desk.refusals["sign"] = error
    answer = world.post("sign", username="ana", password=PASSWORD, **fields)
    assert answer.status_code == 503 and "Nothing was signed" in answer.text and PASSWORD not in answer.text
    assert "aria-invalid" not in answer.text and "#password" not in answer.text  # it may well have been right
    world.desk.refusals.clear()
    assert world.post("sign", username="ana", password=PASSWORD, **hidden(answer.text)).status_code == 303


def test_what_is_signed_is_what_was_shown_whatever_the_form_says_afterwards(world: World) -> None:
    fields = world.confirmation(meaning="reviewed", comment="first")
    world.post("sign", username="ana", password=PASSWORD, **fields | {"meaning": "approved", "comment": "second"})
    [made] = world.desk.request.signatures
    assert (made.meaning, made.comment) == (Meaning.REVIEWED, "first")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.UnknownRequestError("no such request"), 404),
        (errors.AlreadyDecidedError("decided before"), 409),
        (errors.ChallengeError("it was shown too long ago"), 409),
        (errors.SeatFilledError("nobody signs twice"), 409),
        (errors.DeskUnavailableError("look at the request"), 502),
        (errors.EvidenceError("the evaluation was changed"), 409),
        (errors.RequestExpiredError("it expired"), 410),
        (errors.RequestClosedError("it was superseded"), 410),
        (errors.NotEntitledError("no role for this"), 403),
        (errors.TrainingExpiredError("training on the role is over"), 403),
        (errors.LockedOutError("too many wrong passwords"), 403),
        (errors.RevokedError("may not sign any more"), 403),
        (errors.WrongPersonError("sign as yourself"), 403),
        (errors.UnreadableRequestError("malformed row"), 500),
        (errors.ApprovalError("some newer refusal"), 409),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
@pytest.mark.parametrize("operation", ["prepare", "sign"])
def test_each_refusal_of_the_desk_is_a_page_with_its_words(
    world: World, error: errors.ApprovalError, status: int, operation: str
) -> None:
    token, fields = hidden(world.browser.get(ADDRESS).text)["token"], world.confirmation()
    world.desk.refusals[operation] = error
    answer = (
        world.post("confirm", token=token, meaning="reviewed")
        if operation == "prepare"
        else world.post("sign", username="ana", password=PASSWORD, **fields)
    )
    assert answer.status_code == status
    assert str(error)[1:] in answer.text and PASSWORD not in answer.text
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("it expired at 2026-01-01T00:00:00.000000Z: train again", "expired at 2026-01-01 00:00:00 UTC: train"),
        ("it was REJECTED by Ana at 2026-11-26T16:08:50.594672Z", "was rejected by Ana at 2026-11-26 16:08:50 UTC."),
        ("request apr-1 is SUPERSEDED: asked anew", "is superseded: asked anew."),
    ],
)  # fmt: skip
def test_a_refusal_writes_times_and_states_as_the_rest_of_the_page_does(world: World, message: str, shown: str) -> None:
    fields = world.confirmation()
    world.desk.refusals["sign"] = errors.AlreadyDecidedError(message)
    assert shown in world.post("sign", username="ana", password=PASSWORD, **fields).text


def test_a_wrong_password_on_a_request_that_ended_meanwhile_says_so(world: World) -> None:
    fields = world.confirmation()
    world.desk.change(status=Status.REJECTED)
    answer = world.post("sign", username="ana", password="wrong", **fields)
    assert answer.status_code == 409 and "that decision stands" in answer.text


@pytest.mark.parametrize("operation", ["requests", "show", "prepare", "sign"])
def test_a_desk_that_cannot_be_reached_gives_a_page_and_no_detail_of_what_was_sent(
    world: World, operation: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token, fields = hidden(world.browser.get(ADDRESS).text)["token"], world.confirmation()
    world.desk.refusals[operation] = RuntimeError(f"could not send {PASSWORD}")
    answer = {
        "requests": lambda: world.browser.get("/vigil/approvals"),
        "show": lambda: world.browser.get(ADDRESS),
        "prepare": lambda: world.post("confirm", token=token, meaning="reviewed"),
        "sign": lambda: world.post("sign", username="ana", password=PASSWORD, **fields),
    }[operation]()
    assert answer.status_code == 502
    assert PASSWORD not in answer.text and PASSWORD not in caplog.text
    assert "RuntimeError" in caplog.text
    assert ("Whether something was signed" in answer.text) == (operation in {"prepare", "sign"})


def test_a_form_that_the_page_never_makes_is_refused_without_repeating_it(world: World) -> None:
    fields = world.confirmation()
    answer = world.post("sign", username="u" * 200, password="S3cret-typed", **fields)
    assert answer.status_code == 422
    assert "S3cret-typed" not in answer.text and "uuuu" not in answer.text


def test_a_continuous_period_of_signing_is_kept_in_a_cookie_of_this_page(world: World) -> None:
    """21 CFR 11.200(a)(1)(i): a later signing in one period uses one component, which only the person has."""
    world.desk.session = SESSION
    answer = world.post("sign", username="ana", password=PASSWORD, **world.confirmation())
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Path=/vigil/approvals" in cookie
    assert "Max-Age=600" in cookie
    world.desk.change(signatures=[])  # the next request
    world.post("sign", password=PASSWORD, **world.confirmation(meaning="rejected", comment="no"))
    proof = world.desk.answers[-1].proof
    assert isinstance(proof, SessionProof) and proof.session.get_secret_value() == SESSION


def test_another_user_of_the_same_browser_cannot_use_the_period_of_signing(world: World) -> None:
    world.desk.session = SESSION
    world.post("sign", username="ana", password=PASSWORD, **world.confirmation())
    world.sign_in("omar")
    world.post("sign", username="omar", password=PASSWORD, **world.confirmation(meaning="approved"))
    assert isinstance(world.desk.answers[-1].proof, PasswordProof)


def test_a_period_of_signing_that_is_over_is_forgotten_and_both_components_asked_for(world: World) -> None:
    world.desk.session = SESSION
    world.post("sign", username="ana", password=PASSWORD, **world.confirmation())
    world.desk.change(signatures=[])  # the next request
    answer = world.post(
        "sign", username="ana", password="wrong", **world.confirmation(meaning="rejected", comment="no")
    )
    assert answer.status_code == 403
    world.post("sign", username="ana", password=PASSWORD, **hidden(answer.text))
    assert isinstance(world.desk.answers[-1].proof, PasswordProof)


def test_a_request_that_is_over_offers_no_form(world: World) -> None:
    world.desk.change(expires_at=world.desk.now - timedelta(seconds=1))
    page = world.browser.get(ADDRESS).text
    assert "takes no more signatures" in page and "<form" not in page and "Time is over" in page
