"""What the pages show, what is sent with them, and that looking changes nothing."""

from __future__ import annotations

from datetime import timedelta
from html import unescape

import pytest
from approval_pages import ADDRESS, World, hidden
from approver_dossier import dossier_of
from fake_desk import PASSWORD, SESSION
from page_reading import Page
from vigil_airflow.pages.app import app

from vigil.approvals.dossier import FilledSeat
from vigil.approvals.models import Rollback, Status

LIST = "/vigil/approvals"


def test_no_get_or_head_of_any_route_prepares_or_signs(world: World) -> None:
    """A mail scanner, a prefetching browser or a link preview fetches whatever address it finds."""
    world.desk.forbidden = {"prepare", "sign"}
    paths = {route.path for route in app.routes if "approvals" in getattr(route, "path", "")}
    assert len(paths) == 4
    for path in paths:
        address = "/vigil" + path.replace("{request_id}", world.desk.request.request_id)
        for query in ("", "?meaning=approved&comment=x&password=y&challenge_id=chl-0001&signature=chl-0001"):
            for method in ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"):
                answer = world.browser.request(method, address + query)
                reads = method == "GET" and path.count("/") < 3
                assert answer.status_code == (200 if reads else 405), (method, address)
    assert set(world.desk.calls) == {"requests", "show"}
    assert not world.desk.request.signatures and world.desk.request.status is Status.PENDING


def test_a_past_request_says_beside_which_model_it_stands(world: World) -> None:
    world.desk.changes = {"beside": "Beside it stands what served <then>."}
    assert "Beside it stands what served <then>." in unescape(world.browser.get(ADDRESS).text)
    assert "<then>" not in world.browser.get(ADDRESS).text
    world.desk.changes = {"beside": None}
    assert "Beside it stands" not in world.browser.get(ADDRESS).text


@pytest.mark.parametrize("headers", [{"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}], ids=str)
def test_what_a_browser_fetches_ahead_is_not_recorded_as_read(world: World, headers: dict[str, str]) -> None:
    assert world.browser.get(ADDRESS, headers=headers).status_code == 503
    assert world.desk.calls["show"] == 0


@pytest.mark.parametrize("address", [LIST, ADDRESS, f"{LIST}/apr-unknown"])
def test_every_page_carries_the_strict_headers(world: World, address: str) -> None:
    headers = world.browser.get(address).headers
    policy = dict(rule.strip().split(" ", 1) for rule in headers["content-security-policy"].split(";"))
    assert policy == {
        "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self' data:",
        "base-uri": "'none'", "form-action": "'self'", "frame-ancestors": "'self'",
    }  # fmt: skip
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


def test_style_script_and_icon_are_our_own_files(world: World) -> None:
    page = Page(world.browser.get(ADDRESS).text)
    world.sign_out()
    for element in page.all("script", "link"):
        address = element.get("src") or element["href"]
        assert address.startswith("/vigil/static/")
        answer = world.browser.get(address)
        assert answer.status_code == 200 and answer.headers["x-content-type-options"] == "nosniff"
    assert not [each for each in page.elements if any(name == "style" or name.startswith("on") for name in each)]
    assert not [each for each in page.all("script") if each.text.strip()] and not page.all("style")
    assert world.browser.get("/vigil/static/..%2Fapp.py").status_code == 404
    assert world.browser.get("/vigil/static/app.py").status_code == 404


def test_the_list_says_what_waits_until_when_and_who_asked(world: World) -> None:
    text = world.browser.get(LIST).text
    for words in ("apr-0123456789ab", "triage/1", "dana (airflow)", "2026-03-05 11:30:00 UTC", "in 3 days"):
        assert words in text
    assert "Waiting for signatures (1)" in text and "No request has ended yet" in text


def test_past_requests_are_shown_in_pages_of_fifty(world: World) -> None:
    one = world.desk.request
    for number in range(60):
        past = {"request_id": f"apr-{number:03d}", "status": Status.EXPIRED, "note": "nobody signed in time"}
        world.desk.rows[f"apr-{number:03d}"] = one.model_copy(update=past)
    text = world.browser.get(LIST).text
    assert text.count("✗</span> Expired") == 50 and "10 older requests" in text
    assert world.browser.get(f"{LIST}?view=all&past=all").text.count("✗</span> Expired") == 60


def test_the_list_names_the_seats_that_wait_and_who_has_signed(world: World) -> None:
    world.post("sign", username="ana", password=PASSWORD, **world.confirmation())
    text = world.browser.get(LIST).text
    assert "model owner: approved" in text and "reviewed by Ana Example" in text
    assert "quality assurance: reviewed" not in text


def test_the_request_shows_everything_beside_the_model_in_service(world: World) -> None:
    text = world.browser.get(ADDRESS).text
    for words in (
        "0.886 (0.865 to 0.905)", "0.871 (0.850 to 0.890)", "+0.0060 (-0.0020 to +0.0140)",
        "0 to 17 years", "triage/6", "Quinn Ash, Morgan Oak", "2025q1, 2025q2, 2025q3", "one sender&#39;s batch grew",
        "hyperparameter trees", "Reaction terms were coded after intake, so figures", "200 resamples",
        "discrimination-newest-quarter", "quality assurance deputy", "only once escalated",
        "c" * 64, "terms of a new product", "Pat &lt;pat@example.org&gt;",
    ):  # fmt: skip
        assert words in text, words
    page = Page(text)
    pictures = page.all("img")
    assert len(pictures) == 10 and {each["class"] for each in pictures} == {"light", "dark"}
    assert all(each["src"].startswith("data:image/svg+xml;base64,") and each["alt"] for each in pictures)


def test_each_subgroup_has_every_measure_with_its_interval_beside_the_model_in_service(world: World) -> None:
    tables = [each for each in Page(world.browser.get(ADDRESS).text).all("table") if "Subgroups" in each.text]
    assert len(tables) == 2
    for table in tables:
        for words in ("AUROC", "Average precision", "Brier score", "Calibration error", "Recall at review capacity"):
            assert words in table.text
        rows = [each for each in table.inside if each.name == "tr"][1:]
        assert len(rows) == 9
        for row in rows:
            assert row.text.count("in service") == 5 and row.text.count(" to ") >= 10


@pytest.mark.parametrize("same", [True, False])
def test_that_no_difference_from_the_model_in_service_can_be_given_is_said_plainly(world: World, same: bool) -> None:
    serving = dossier_of(world.desk.request, world.desk.plan, world.desk.evaluation).serving
    assert serving is not None and serving.evaluation is not None
    version = world.desk.evaluation.dataset_version if same else "e" * 64
    other = serving.evaluation.model_copy(update={"dataset_version": version})
    world.desk.changes = {"serving": serving.model_copy(update={"evaluation": other})}
    text = world.browser.get(ADDRESS).text
    assert "No difference between the two is given" in text
    assert ("of the same dataset version" in text) == same and ("may be one of the data" in text) != same


@pytest.mark.parametrize(
    ("status", "words"), [(Status.APPROVED, "Decided"), (Status.REJECTED, "Decided"), (Status.WITHDRAWN, "Ended")]
)
def test_a_request_that_is_over_says_when_it_was_decided_and_counts_no_days(
    world: World, status: Status, words: str
) -> None:
    assert "<dt>Ends</dt>" in world.browser.get(ADDRESS).text
    world.desk.change(status=status, decided_at=world.desk.now - timedelta(hours=1))
    text = world.browser.get(ADDRESS).text
    assert f"<dt>{words}</dt>" in text and "2026-03-02 08:30:00 UTC" in text
    assert "<dt>Ends</dt>" not in text and "(in 3 days)" not in text


def test_a_request_whose_seats_are_all_signed_but_that_waits_yet_says_what_that_means(world: World) -> None:
    made = world.post("sign", username="ana", password=PASSWORD, **world.confirmation())
    world.sign_in("omar")
    world.post("sign", username="omar", password=PASSWORD, **world.confirmation("approved"))
    world.desk.change(status=Status.PENDING)
    text = world.browser.get(made.headers["location"]).text
    assert "Every seat is signed; the decision is being recorded" in text and "the desk" not in text


def test_each_criterion_is_said_to_pass_or_fail_in_words(world: World) -> None:
    verdict = world.desk.request.facts.verdict
    failed = verdict.criteria[-1].model_copy(update={"passed": False})
    worse = verdict.model_copy(
        update={"criteria": (*verdict.criteria[:-1], failed), "passed": False, "outcome": "below-limits"}
    )
    world.desk.change(facts=world.desk.request.facts.model_copy(update={"verdict": worse}))
    text = world.browser.get(ADDRESS).text
    [shown, signed] = [each for each in Page(text).all("table") if "Why this limit" in each.text]
    for table in (shown, signed):
        assert table.text.count("✗ fail") == 1 and table.text.count("✓ pass") == len(verdict.criteria) - 1
    assert "Below the limits" in text


def test_evidence_that_does_not_hold_can_only_be_rejected(world: World) -> None:
    world.desk.changes = {"problem": "the evaluation was changed", "evaluation": None}
    text = world.browser.get(ADDRESS).text
    assert "nobody can approve" in text and "The evaluation was changed." in text
    assert "There are no figures" in text and "<img" not in text
    assert [each["value"] for each in Page(text).all("input") if each["type"] == "radio"] == ["rejected"]


def test_a_signature_that_does_not_verify_is_said_so(world: World) -> None:
    world.post("sign", username="ana", password=PASSWORD, **world.confirmation())
    world.desk.changes = {"verified": [False]}
    assert "does NOT verify" in world.browser.get(ADDRESS).text


def test_nothing_in_service_no_plan_and_no_release_record_are_said_in_words(world: World) -> None:
    world.desk.changes = {"serving": None, "serving_dataset": None, "dataset": None, "changes": [], "plan": None}
    text = world.browser.get(ADDRESS).text
    for words in ("no model serves yet", "release record of the candidate", "Nothing differs"):
        assert words in text


def test_deputies_that_may_sign_now_are_named(world: World) -> None:
    seats = [FilledSeat(seat=seat, deputies_may_sign=True) for seat in world.desk.plan.protocol.approval.signatures]
    world.desk.changes = {"seats": seats}
    assert "may sign now" in world.browser.get(ADDRESS).text


@pytest.mark.parametrize(
    ("away", "words"),
    [
        (timedelta(days=1), "in 1 day"), (timedelta(hours=47, minutes=59), "in 1 day"),
        (timedelta(minutes=90), "in 1 hour"), (timedelta(seconds=59), "in less than a minute"),
        (timedelta(hours=-3), "3 hours ago"),
    ],
    ids=str,
)  # fmt: skip
def test_the_time_that_is_left_is_rounded_down(world: World, away: timedelta, words: str) -> None:
    world.desk.change(expires_at=world.desk.now + away)
    assert f"({words})" in world.browser.get(ADDRESS).text


def test_no_page_holds_a_secret(world: World) -> None:
    world.desk.session = SESSION
    fields = world.confirmation()
    seen = [world.post("sign", username="ana", password="wrong", **fields)]
    seen.append(world.post("sign", username="ana", password=PASSWORD, **world.confirmation()))
    seen += [world.browser.get(address) for address in (LIST, ADDRESS, seen[-1].headers["location"])]
    cookie = world.browser.cookies["vigil_form"]
    for answer in seen:
        for secret in (PASSWORD, SESSION, world.desk.request.token_ciphertext, cookie):
            assert secret not in answer.text and secret not in str(answer.url)


def test_a_roll_back_is_called_one_on_every_page_with_what_it_replaces_and_why(world: World) -> None:
    replaced = "arn:aws:sagemaker:us-east-1:123456789012:model-package/triage/9"
    rollback = Rollback(
        replaces_package=replaced, replaces_artefact="b" * 64, replaces_run_key="0" * 12,
        reason="recall <b>fell</b>", asked_via="the command line",
    )  # fmt: skip
    world.desk.change(facts=world.desk.request.facts.model_copy(update={"rollback": rollback}))
    assert "roll-back" in world.browser.get(LIST).text
    shown = world.browser.get(ADDRESS).text
    token = hidden(shown)["token"]
    confirmation = world.post("confirm", token=token, meaning="reviewed", comment="read it all").text
    for page in (shown, confirmation):
        for words in ("This is a roll-back", "triage/9", "recall &lt;b&gt;fell&lt;/b&gt;", "Roll-back asked for by"):
            assert words in page, words
    assert "why this model is to come back" in confirmation


def test_each_measure_and_each_criterion_is_told_in_the_words_of_the_tables(world: World) -> None:
    page = Page(world.browser.get(ADDRESS).text)
    [criteria, _] = [each for each in page.all("table") if "Why this limit" in each.text]
    for words in (
        "Discrimination newest quarter", "AUROC on the newest quarter at least 0.8", "Leak alarm: any one feature",
        "AUROC on the newest quarter (United States) at least 0.75",
    ):  # fmt: skip
        assert words in criteria.text, words
    assert "test_next" not in criteria.text and world.desk.plan.digest not in criteria.text
    [figures, _] = [each for each in page.all("table") if "Candidate minus baseline" in each.text]
    for words in ("by chance 0.5", "as can be read in time", "over bins of equally many cases"):
        assert words in figures.text
    whole = page.all("main")[0].text
    assert "Unseen cases of the training quarters: 2,400; Newest quarter: 1,260" in whole


def test_the_drift_says_what_its_distance_is_and_what_is_much(world: World) -> None:
    text = Page(world.browser.get(ADDRESS).text).all("main")[0].text
    assert "Jensen–Shannon distance: 0 where" in text and "monitors take 0.1 and more" in text
    assert "From the data of the model in service to the candidate's: the 1 columns that moved most" not in text
    assert "against the version before it: the 2 columns that moved most, no others" in text


def test_that_there_is_no_drift_to_show_is_said_with_its_reason(world: World) -> None:
    found = dossier_of(world.desk.request, world.desk.plan, world.desk.evaluation)
    assert found.dataset is not None and found.serving_dataset is not None
    same = found.dataset.model_copy(update={"version": world.desk.request.facts.dataset_version, "drift": []})
    first = same.model_copy(update={"compared_with": None})
    world.desk.changes = {"drift_from_serving": [], "dataset": first, "serving_dataset": same}
    text = Page(world.browser.get(ADDRESS).text).all("main")[0].text
    assert "the same version, so nothing can have moved" in text and "there was no version before." in text
    world.desk.changes["serving_dataset"] = found.serving_dataset
    text = Page(world.browser.get(ADDRESS).text).all("main")[0].text
    assert "how far the data moved is not known" in text and "the same version" not in text
