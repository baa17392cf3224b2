"""Deciding on the page, in the real Airflow UI: see, sign by two people, refuse, too late; mouse, keyboard, axe."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from accessibility import assert_accessible
from airflow_browser import AirflowBrowser
from approvals_page import ApprovalsPage
from playwright.sync_api import expect
from running_stack import RunningStack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]

Enter = Callable[..., AirflowBrowser]
# What people write is shown as they wrote it, and does nothing.
COMMENT = "Reviewed <b onmouseover=alert(1)>the US slice</b> & the 80+ band"

# What the evidence of a request consists of.
PARTS = (
    "Criteria of the change control plan", "Performance beside the model in service", "Plots", "Data and its drift",
    "What changed", "Uncertainty and known limits", "Seats and signatures",
)  # fmt: skip
# Of each picture, once it is read: it is refused where it cannot be drawn.
WIDTHS = "all => Promise.all(all.map((each) => each.decode().then(() => each.naturalWidth)))"
# Pictures of the page for the documentation: what stands at their top.
PICTURED = {
    "criteria": "Criteria of the change", "request": "Performance", "plots": "Plots", "data": "Data and its drift",
    "changes": "What changed", "viewer": "Your decision",
}  # fmt: skip


def request_of(stack: RunningStack, request_id: str) -> dict:
    return next(each for each in stack.requests() if each["request_id"] == request_id)


def test_the_request_of_the_demo_shows_both_signatures(
    signed_in: Enter, demo_request: dict[str, Any], running_stack: RunningStack, tmp_path: Path
) -> None:
    """Two people in two roles; each signature is verified anew as the page is shown."""
    page = ApprovalsPage(signed_in("viewer"))
    shown = page.open_request(demo_request["request_id"])
    given = shown.get_by_role("table", name="Signatures given").get_by_role("row")
    made = demo_request["signatures"]
    assert len({each["subject"] for each in made}) == len({each["role"] for each in made}) == 2
    for signer, signature in zip(running_stack.signers, made, strict=True):
        row = given.filter(has=shown.get_by_role("rowheader", name=signer.printed_name))
        role = re.compile(signer.role.replace("-", "[- ]"), re.IGNORECASE)
        for words in (role, signer.meaning, signature["comment"], "signature verifies"):
            expect(row).to_contain_text(words)
        expect(row.locator("time")).to_have_attribute("datetime", re.compile(re.escape(signature["signed_at"][:19])))
    page.says("This request takes no more signatures.")


def test_the_tab_of_a_run_that_waits_leads_to_its_request(
    signed_in: Enter, waiting: dict[str, str], waiting_run: str, tmp_path: Path
) -> None:
    window = signed_in("viewer")
    window.open(f"/dags/train_model/runs/{waiting_run}")
    window.page.get_by_role("link", name="State machine").click()
    tab = window.frame("State machine")
    expect(tab.get_by_role("button", name=re.compile("^WaitForApproval: .*waiting"))).to_be_visible()
    assert_accessible(tab)
    window.screenshot("state-machine-waiting", tmp_path)
    link = tab.get_by_role("link", name=f"Approval request {waiting['to be signed']}").first
    assert link.get_attribute("href").endswith(waiting["to be signed"])
    link.click()
    expect(window.page.locator("iframe").content_frame.get_by_role("heading", name="Your decision")).to_be_visible()
    assert window.strangers() == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_viewer_sees_the_evidence_and_cannot_sign(
    signed_in: Enter, waiting: dict[str, str], running_stack: RunningStack, theme: str, tmp_path: Path
) -> None:
    page = ApprovalsPage(signed_in("viewer", theme))
    listed = page.open_list()
    for request_id in waiting.values():
        expect(listed.get_by_role("link", name=request_id)).to_be_visible()
    assert_accessible(listed)
    page.window.screenshot(f"approvals-list-{theme}", tmp_path)
    listed.get_by_role("link", name=waiting["to be signed"]).click()
    page.says("Your Airflow role may see this request, but not sign it.")
    shown = page.frame
    for part in PARTS:
        expect(shown.get_by_role("heading", name=part).first).to_be_visible()
    criteria = shown.get_by_role("table", name="Each criterion").locator("tbody tr")
    facts = request_of(running_stack, waiting["to be signed"])["facts"]
    assert criteria.count() == len(facts["verdict"]["criteria"]) > 0
    for row, criterion in zip(criteria.all(), facts["verdict"]["criteria"], strict=True):
        expect(row.get_by_role("rowheader").locator("code")).to_have_text(criterion["name"])
        expect(row.locator(".result")).to_contain_text("pass" if criterion["passed"] else "fail")
    widths = shown.locator("figure img").evaluate_all(WIDTHS)
    assert widths and min(widths) > 0
    assert shown.locator("html").get_attribute("data-theme") == theme
    assert shown.get_by_role("button").count() == 0
    assert_accessible(shown)
    for name, heading in PICTURED.items():
        page.scroll_to(heading)
        page.window.screenshot(f"approvals-{name}-{theme}", tmp_path)
    assert page.window.strangers() == []


def test_two_people_sign_one_of_them_by_keyboard_alone(
    signed_in: Enter, waiting: dict[str, str], running_stack: RunningStack, tmp_path: Path
) -> None:
    request_id = waiting["to be signed"]
    reviewer, owner = running_stack.signers
    page = ApprovalsPage(signed_in(reviewer.user))
    page.open_request(request_id)
    page.scroll_to("Your decision")
    page.window.screenshot("approvals-decision", tmp_path)
    page.choose("reviewed", COMMENT)
    page.headed("Confirm your signature")
    page.says(COMMENT)
    assert_accessible(page.frame)
    page.window.screenshot("approvals-confirm", tmp_path)
    page.frame.get_by_role("button", name="Sign: reviewed").scroll_into_view_if_needed()
    page.window.screenshot("approvals-confirm-password", tmp_path)
    page.confirm("reviewed", running_stack.password(reviewer.user))
    page.headed("Signed")
    page.says("The request still waits for")
    assert_accessible(page.frame)

    page = ApprovalsPage(signed_in(owner.user, "dark"))
    page.open_request(request_id)
    page.press_at(page.frame.get_by_label("Approved"), "Space")
    page.type_at(page.frame.get_by_label("Comment", exact=True), "for use")
    page.press_at(page.frame.get_by_role("button", name="Continue to confirmation"), "Enter")
    page.headed("Confirm your signature")
    page.type_at(page.frame.get_by_label("Password for signing"), running_stack.password(owner.user))
    page.press_at(page.frame.get_by_role("button", name="Sign: approved"), "Enter")
    page.headed("Signed")
    assert_accessible(page.frame)
    page.scroll_to("Seats and signatures")
    page.window.screenshot("approvals-signed", tmp_path)
    decided = request_of(running_stack, request_id)
    assert [(each["signer"], each["role"], each["meaning"]) for each in decided["signatures"]] == [
        (reviewer.user, reviewer.role, "reviewed"),
        (owner.user, owner.role, "approved"),
    ]
    assert decided["signatures"][0]["comment"] == COMMENT
    assert running_stack.await_end(decided["execution_arn"])["status"] == "SUCCEEDED"


def test_a_wrong_password_signs_nothing_and_may_be_corrected_a_refusal_by_another_stands(
    signed_in: Enter, waiting: dict[str, str], running_stack: RunningStack, tmp_path: Path
) -> None:
    request_id, (reviewer, owner) = waiting["to be refused"], running_stack.signers
    before = running_stack.endpoint()["EndpointConfigName"]
    slower = ApprovalsPage(signed_in(owner.user))
    slower.open_request(request_id)
    slower.choose("approved", "good enough")
    slower.headed("Confirm your signature")
    page = ApprovalsPage(signed_in(reviewer.user, "dark"))
    page.open_request(request_id)
    page.choose("rejected", "calibration in the 80+ band")
    page.confirm("rejected", "not the password")
    page.headed("Nothing was signed")
    expect(page.frame.get_by_label("Password for signing")).to_have_attribute("aria-invalid", "true")
    assert_accessible(page.frame)
    page.frame.get_by_role("button", name="Sign: rejected").scroll_into_view_if_needed()
    page.window.screenshot("approvals-wrong-password", tmp_path)
    assert request_of(running_stack, request_id)["signatures"] == []
    page.confirm("rejected", running_stack.password(reviewer.user))
    page.headed("Signed")
    assert request_of(running_stack, request_id)["status"] == "REJECTED"
    # Who was about to sign is told so, and changes nothing.
    slower.confirm("approved", running_stack.password(owner.user))
    slower.headed("Nothing was signed")
    assert_accessible(slower.frame)
    slower.window.screenshot("approvals-decided-meanwhile", tmp_path)
    decided = request_of(running_stack, request_id)
    assert [each["signer"] for each in decided["signatures"]] == [reviewer.user]
    outcome = running_stack.await_end(decided["execution_arn"])
    assert (outcome["status"], outcome["error"]) == ("FAILED", "Rejected")
    assert running_stack.endpoint()["EndpointConfigName"] == before


def test_a_request_whose_time_is_over_takes_no_signature_at_either_step(
    signed_in: Enter, waiting: dict[str, str], running_stack: RunningStack, tmp_path: Path
) -> None:
    request_id, (reviewer, owner) = waiting["to come too late"], running_stack.signers
    confirming, choosing = ApprovalsPage(signed_in(reviewer.user)), ApprovalsPage(signed_in(owner.user))
    confirming.open_request(request_id)
    confirming.choose("reviewed", "seen in time")
    confirming.headed("Confirm your signature")
    choosing.open_request(request_id)
    let_time_pass(running_stack, request_id)
    choosing.choose("approved", "too late")
    choosing.headed("It is too late to sign")
    confirming.confirm("reviewed", running_stack.password(reviewer.user))
    confirming.headed("It is too late to sign")
    confirming.says("expired")
    assert_accessible(confirming.frame)
    confirming.window.screenshot("approvals-expired", tmp_path)
    confirming.open_request(request_id)
    confirming.says("This request takes no more signatures.")
    assert_accessible(confirming.frame)
    assert request_of(running_stack, request_id)["signatures"] == []
    running_stack.client("stepfunctions").stop_execution(
        executionArn=request_of(running_stack, request_id)["execution_arn"], error="Test", cause="its test is over"
    )


def let_time_pass(stack: RunningStack, request_id: str) -> None:
    """As if the plan's two weeks were over: only the request's own end is moved."""
    stack.client("dynamodb").update_item(
        TableName=stack.parameter("tables/approvals"),
        Key={"request_id": {"S": request_id}},
        UpdateExpression="SET expires_at = :past",
        ExpressionAttributeValues={":past": {"S": "2026-01-01T00:00:00.000000Z"}},
    )
