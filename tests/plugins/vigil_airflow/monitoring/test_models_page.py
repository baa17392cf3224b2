"""What the Models page says, and how a roll-back is asked for on it: by whom, with which forms, for what."""

from __future__ import annotations

import pytest
from approval_pages import ORIGIN, hidden
from model_examples import RIGHT_PASSWORD, arn
from monitoring_pages import MODELS, MonitoringWorld, text
from page_reading import Page

from vigil.approvals import errors
from vigil.models.shown_versions import RollbackNotAskedError
from vigil.models.versions import VersionStatus

NASTY = "<img src=x onerror=alert(1)>"
REASON = "calibration is lost"


def read(world: MonitoringWorld, address: str = MODELS) -> str:
    answer = world.browser.get(address)
    assert answer.status_code == 200, answer.text
    return answer.text


def asks(page: str) -> list[str]:
    return [each["href"] for each in Page(page).all("a") if each["href"].endswith("/rollback")]


def test_it_says_what_serves_with_variants_weights_and_shadow(world: MonitoringWorld) -> None:
    said = text(read(world))
    assert "champion triage/7 100.0% of requests 1 2" in said
    assert "challenger triage/8 ◌ shadow: gets copies, answers nobody" in said
    assert "an update is under way, or somebody changed it by hand" in said


def test_weights_are_told_as_shares_of_the_requests(world: MonitoringWorld) -> None:
    endpoint = world.models.shown.endpoint
    champion, challenger = endpoint.variants
    both = (champion.model_copy(update={"weight": 9.0}), challenger.model_copy(update={"shadow": False}))
    changed = endpoint.model_copy(update={"variants": both})
    world.models.shown = world.models.shown.model_copy(update={"endpoint": changed})
    said = text(read(world))
    assert "90.0% of requests 9" in said and "to become 1 2" in said and "10.0% of requests" in said


def test_each_version_has_its_status_signatures_figures_and_comparison(world: MonitoringWorld) -> None:
    said = text(read(world))
    for words in (
        "triage/7 ✓ serves",
        "triage/6 ✗ rejected",
        "triage/5 ○ served before",
        "Reviewed by Quality assurance, quality assurance, 2026-01-12 04:30:00 UTC",
        "AUROC 0.887 (0.865 to 0.905)",
        "✗ turned away in the paired test: AUROC -0.0310 (-0.0380 to -0.0240)",
        "against triage/5 on the same 1,260 cases",
        "… not judged in the shadow",
        "7d" * 32,
        "b" * 64,
    ):
        assert words in said


@pytest.mark.parametrize(("role", "offered"), [("viewer", []), ("signer", [5, 4])])
def test_only_who_may_sign_is_offered_what_served_before(world: MonitoringWorld, role: str, offered: list[int]) -> None:
    world.sign_in("ana", role)
    page = read(world)
    assert asks(page) == [f"{MODELS}/{number}/rollback" for number in offered]
    assert "<form" not in page


@pytest.mark.parametrize(
    ("role", "status"), [(None, 401), ("stranger", 403), ("viewer", 403), ("signer", 200)], ids=str
)
def test_who_may_ask(world: MonitoringWorld, role: str | None, status: int) -> None:
    fields = world.confirmation(5, REASON)
    world.sign_in("ana", role) if role else world.sign_out()
    assert world.browser.get(f"{MODELS}/5/rollback").status_code == status
    assert world.post(5, "confirm", **fields).status_code in {status, 403 if status == 200 else status}
    world.post(5, "ask", **fields)
    assert len(world.models.asked) == (status == 200)


def test_a_roll_back_is_asked_for_in_the_signers_name_and_leads_to_its_request(world: MonitoringWorld) -> None:
    world.signers = '{"assumed-role/User/a.example": "ana"}'
    world.sign_in("assumed-role/User/a.example")
    shown = world.post(5, "confirm", **world.form(5), reason=f"  {REASON}\n")
    said = text(shown.text)
    assert "Nothing is asked for yet" in said and REASON in said and world.models.asked == []
    assert said.index("Goes out of service") < said.index("triage/7", said.index("Goes out of service"))
    assert said.index("Comes back") < said.index("triage/5", said.index("Comes back"))
    [user] = [each for each in Page(shown.text).all("input") if each.get("name") == "username"]
    assert user["value"] == "ana" and "readonly" in user
    done = world.post(5, "ask", **hidden(shown.text), password=RIGHT_PASSWORD)
    assert (done.status_code, done.headers["location"]) == (303, f"{MODELS}?asked=5")
    [(model, reason, asker)] = world.models.asked
    assert (model, reason, asker) == (arn(5), REASON, "ana")
    after = Page(read(world, done.headers["location"]))
    [news] = [each for each in after.elements if "data-focus" in each]
    assert "The roll-back is asked for" in news.text
    assert [each["href"] for each in news.inside if each.name == "a"] == ["/vigil/approvals/apr-00000000000b"]
    assert f"{MODELS}/5/rollback" not in asks(read(world))


def test_asking_again_joins_what_waits(world: MonitoringWorld) -> None:
    world.models.request_id = None
    first, second = world.confirmation(5), world.confirmation(5)
    world.post(5, "ask", **first)
    again = world.post(5, "ask", **second)
    said = text(read(world, again.headers["location"]))
    assert "had been asked for already" in said and "appears within a minute" in said


@pytest.mark.parametrize(
    ("reason", "said"),
    [("", "Say why the earlier model should come back"), (" \n ", "Say why"), ("x" * 2001, "2,000 characters")],
)
def test_a_reason_is_asked_for_at_its_field(world: MonitoringWorld, reason: str, said: str) -> None:
    answer = world.post(5, "confirm", **world.form(5), reason=reason)
    page = Page(answer.text)
    [field] = page.all("textarea")
    assert answer.status_code == 422
    assert field["aria-invalid"] == "true" and "reason-wrong" in field["aria-describedby"].split()
    [summary] = [each for each in page.elements if "data-focus" in each]
    assert said in summary.text and [each["href"] for each in summary.inside if each.name == "a"] == ["#reason"]
    assert world.models.asked == []


def test_only_the_reason_that_was_confirmed_is_asked_for(world: MonitoringWorld) -> None:
    fields = world.confirmation(5, REASON)
    assert world.post(5, "ask", **(fields | {"reason": "another"})).status_code == 403
    assert world.models.asked == []


def test_a_form_for_one_model_asks_for_no_other(world: MonitoringWorld) -> None:
    assert world.post(4, "ask", **world.confirmation(5)).status_code == 409
    assert world.post(4, "confirm", **world.form(5), reason=REASON).status_code == 409
    assert world.models.asked == []


def test_a_form_to_confirm_is_none_to_ask(world: MonitoringWorld) -> None:
    assert world.post(5, "ask", **world.form(5), reason="confirm").status_code == 403
    assert world.models.asked == []


def test_what_serves_may_not_change_between_form_and_asking(world: MonitoringWorld) -> None:
    fields = world.confirmation(5)
    endpoint = world.models.shown.endpoint.model_copy(update={"active_package": arn(8)})
    world.models.shown = world.models.shown.model_copy(update={"endpoint": endpoint})
    answer = world.post(5, "ask", **fields)
    assert answer.status_code == 409 and "What serves has changed" in answer.text
    assert world.models.asked == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
def test_another_sites_form_is_refused(world: MonitoringWorld, headers: dict[str, str]) -> None:
    fields = world.confirmation(5)
    assert world.post(5, "ask", headers, **fields).status_code == 403
    assert world.models.asked == []


def test_a_form_counts_for_its_user_its_browser_and_some_hours(world: MonitoringWorld) -> None:
    fields = world.confirmation(5)
    world.sign_in("ben")
    assert world.post(5, "ask", **fields).status_code == 403
    world.sign_in("ana")
    world.time += 5 * 3600
    stale = world.post(5, "ask", **fields)
    assert stale.status_code == 403 and "open for too long" in stale.text
    world.time -= 5 * 3600
    world.browser.cookies.clear()
    assert world.post(5, "ask", **fields).status_code == 403
    assert world.models.asked == []


@pytest.mark.parametrize(
    ("number", "status", "said"),
    [(99, 404, "no version 99"), (7, 409, "served before"), (6, 409, "served before"), (8, 409, "served before")],
)
def test_only_a_model_that_served_before_can_be_asked_for(
    world: MonitoringWorld, number: int, status: int, said: str
) -> None:
    answer = world.browser.get(f"{MODELS}/{number}/rollback")
    assert answer.status_code == status and said in answer.text and "<form" not in answer.text


@pytest.mark.parametrize(("refused", "status"), [(True, 409), (False, 503)])
def test_why_nothing_was_asked_for_is_said_and_announced(world: MonitoringWorld, refused: bool, status: int) -> None:
    fields = world.confirmation(5)
    world.models.refuse = RollbackNotAskedError("the plan in force asks for more", refused=refused)
    answer = world.post(5, "ask", **fields)
    [news] = [each for each in Page(answer.text).elements if "data-focus" in each]
    assert answer.status_code == status and news["role"] == "alert"
    assert "The plan in force asks for more." in news.text


def test_a_wrong_password_is_told_at_its_field_and_the_same_may_be_asked_again(world: MonitoringWorld) -> None:
    wrong = world.post(5, "ask", **(world.confirmation(5, REASON) | {"password": "a wrong one", "username": "ben"}))
    page = Page(wrong.text)
    [field] = [each for each in page.all("input") if each.get("type") == "password"]
    assert wrong.status_code == 403 and "a wrong one" not in wrong.text
    assert field["aria-invalid"] == "true" and field["aria-describedby"] == "password-wrong" and "value" not in field
    [summary] = [each for each in page.elements if "data-focus" in each]
    assert [each["href"] for each in summary.inside if each.name == "a"] == ["#password"]
    assert REASON in wrong.text and world.models.asked == []
    assert world.post(5, "ask", **hidden(wrong.text), password=RIGHT_PASSWORD).status_code == 303


def test_no_password_is_a_wrong_one(world: MonitoringWorld) -> None:
    fields = world.confirmation(5)
    del fields["password"]
    assert world.post(5, "ask", **fields).status_code == 403
    assert world.models.asked == []


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.LockedOutError("the account is locked"), 403), (errors.NotEntitledError("ask somebody else"), 403),
        (errors.WrongPersonError("only ana can"), 403), (errors.TrainingExpiredError("repeat it"), 403),
        (KeyError("what was typed"), 502),
    ],
    ids=lambda each: type(each).__name__,
)  # fmt: skip
def test_who_may_not_ask_is_told_why_and_gets_no_form(world: MonitoringWorld, error: Exception, status: int) -> None:
    world.models.refuse = error
    answer = world.post(5, "ask", **world.confirmation(5))
    assert answer.status_code == status and "<form" not in answer.text
    assert ("what was typed" in answer.text, str(error)[1:] in answer.text) == (False, status == 403)


def test_where_the_provider_gave_no_answer_the_password_is_not_at_fault(world: MonitoringWorld) -> None:
    world.models.refuse = errors.ProviderUnavailableError("the identity provider gave no answer")
    answer = world.post(5, "ask", **world.confirmation(5, REASON))
    [field] = [each for each in Page(answer.text).all("input") if each.get("type") == "password"]
    assert answer.status_code == 503 and "aria-invalid" not in field and REASON in answer.text


def test_who_signs_under_no_name_cannot_ask(world: MonitoringWorld) -> None:
    fields = world.confirmation(5)
    world.signers = '{"omar": "omar"}'
    answer = world.post(5, "ask", **fields)
    assert answer.status_code == 403 and "No signer is known" in answer.text


def test_before_anything_serves_there_is_nothing_to_roll_back(world: MonitoringWorld) -> None:
    endpoint = world.models.shown.endpoint.model_copy(update={"active_package": None, "variants": ()})
    world.models.shown = world.models.shown.model_copy(update={"endpoint": endpoint})
    page = read(world)
    assert "No model is recorded as in service yet" in page and asks(page) == []
    assert world.browser.get(f"{MODELS}/5/rollback").status_code == 409


def test_text_from_the_registry_is_text(world: MonitoringWorld) -> None:
    changes = {"note": NASTY, "requested_by": NASTY, "figures": {NASTY: NASTY}, "code_revision": NASTY}
    world.models.change(arn(5), **changes)
    assert "<img" not in read(world)
    assert "<img" not in world.post(5, "confirm", **world.form(5), reason=NASTY).text
    assert NASTY not in read(world, f"{MODELS}?asked={NASTY}")


def test_every_status_has_its_words(world: MonitoringWorld) -> None:
    for status in VersionStatus:
        world.models.change(arn(4), status=status)
        assert "triage/4" in read(world)
