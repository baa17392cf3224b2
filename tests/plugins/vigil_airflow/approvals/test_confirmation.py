"""What is confirmed is what gets signed, to the last field: the page before the desk itself, with people on record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast

import pytest
from approval_bench import Bench
from approval_fakes import PASSWORD
from approval_pages import World, hidden
from bench_desk import desk_of
from page_reading import Page
from vigil_airflow.pages.app import app
from vigil_airflow.pages.approvals import services
from vigil_airflow.pages.approvals.wording import OUTCOMES, STAKE, moment

from vigil.approvals.errors import ApprovalError
from vigil.approvals.models import ApprovalRequest, Facts, Meaning, Rollback
from vigil.approvals.statement import statement

#: Known only to the desk, once it has asked for the password; ``format`` names the statement's layout.
MADE_BY_SIGNING = {"format", "subject", "issuer", "components", "authenticated_at", "signed_at"}
ROLLBACK = Rollback(
    replaces_package="arn:aws:sagemaker:us-east-1:123456789012:model-package/triage/9", replaces_artefact="b" * 64,
    replaces_run_key="ba9876543210", reason="recall fell", asked_via="the command line",
)  # fmt: skip


@pytest.fixture
def bench(world: World) -> Bench:
    bench = Bench.make()
    world.desk = cast(Any, desk_of(bench))
    app.dependency_overrides[services.clock] = bench.clock
    world.sign_in("quinn")
    return bench


def opened(world: World, bench: Bench, **facts: Any) -> ApprovalRequest:
    request = bench.open(facts=bench.facts.model_copy(update=facts))
    world.address = f"/vigil/approvals/{request.request_id}"
    return request


def confirmed(world: World, meaning: str = "reviewed", comment: str = "read it all") -> Any:
    fields = hidden(world.browser.get(world.address).text)
    return world.post("confirm", meaning=meaning, comment=comment, **fields)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each value within, with the names that lead to it."""
    if isinstance(value, dict | list):
        for name, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(each, f"{path}.{name}")
    else:
        yield path, value


def as_shown(path: str, value: Any) -> str:
    if value is None:
        return "no message started this run" if path.endswith("sent_by") else ""
    if path.endswith("has_stake"):
        return STAKE[value]
    if path.endswith("verdict.outcome"):
        return OUTCOMES[value]
    if isinstance(value, bool):
        return "pass" if value else "fail"
    if path.rpartition(".")[2] in {"role", "deputy_role"}:
        return str(value).replace("-", " ")
    if path.endswith("attempt"):
        return f"attempt {value}"
    return moment(value) if path.endswith("_at") else str(value)


@pytest.mark.parametrize("facts", [{}, {"rollback": ROLLBACK, "sent_by": "AROAEXAMPLE:feeder"}], ids=["new", "back"])
@pytest.mark.parametrize(("meaning", "user"), [("reviewed", "quinn"), ("rejected", "ana")])
@pytest.mark.parametrize("asker", ["airflow:dana", "airflow:quinn"])
def test_the_confirmation_shows_every_field_of_the_statement_that_is_then_signed(
    world: World, bench: Bench, meaning: str, user: str, asker: str, facts: dict[str, Any]
) -> None:
    request = opened(world, bench, requested_by=asker, **facts)
    world.sign_in(user)
    shown = confirmed(world, meaning)
    page = Page(shown.text).all("main")[0].text
    assert world.post("sign", username=user, password=PASSWORD, **hidden(shown.text)).status_code == 303
    signed = statement(request, bench.stored(request).signatures[0])
    assert set(signed["facts"]) >= set(Facts.model_fields) - {"rollback"}
    for path, value in leaves(signed):
        if path.rpartition(".")[2] not in MADE_BY_SIGNING:
            assert as_shown(path, value) in page, path


def test_a_deputy_sees_that_the_signature_counts_as_one(world: World, bench: Bench) -> None:
    request = opened(world, bench)
    bench.clock.now = request.expires_at - timedelta(seconds=60)
    bench.store.rows[request.request_id] = request.model_copy(update={"escalated_at": bench.clock()})
    world.sign_in("qi")
    assert "the seat of quality assurance, as its deputy (quality assurance deputy)" in confirmed(world).text


def test_who_has_no_seat_for_it_hears_so_before_the_password_and_keeps_what_was_typed(
    world: World, bench: Bench
) -> None:
    opened(world, bench)
    world.sign_in("ana")
    answer = confirmed(world, "reviewed", "an hour of work")
    assert answer.status_code == 403 and "may sign as approved as model-owner, not as reviewed" in answer.text
    assert ">an hour of work</textarea>" in answer.text and 'type="password"' not in answer.text
    again = world.post("confirm", meaning="approved", comment="an hour of work", **hidden(answer.text))
    assert again.status_code == 200 and "Ana" in again.text


def test_a_user_who_is_on_no_record_is_told_that_the_signature_would_be_refused(world: World, bench: Bench) -> None:
    opened(world, bench)
    world.sign_in("nobody")
    assert "nobody called nobody is on record as a signer" in confirmed(world).text


def test_the_longest_comment_that_the_form_takes_is_taken_and_kept_with_plain_line_breaks(
    world: World, bench: Bench
) -> None:
    """A form's own limit counts a line break as one character; a browser sends two."""
    request = opened(world, bench)
    typed = ("x" * 39 + "\n") * 99 + "y" * 40
    assert len(typed) == 4000
    shown = confirmed(world, comment=typed.replace("\n", "\r\n"))
    assert shown.status_code == 200
    fields = hidden(shown.text)
    wrong = world.post("sign", username="quinn", password="wrong", **fields | {"comment": typed.replace("\n", "\r\n")})
    assert wrong.status_code == 403 and "Nothing was signed" in wrong.text
    world.post("sign", username="quinn", password=PASSWORD, **hidden(wrong.text))
    assert bench.stored(request).signatures[0].comment == typed


def test_a_confirmation_of_more_than_a_quarter_of_an_hour_is_shown_once_more_with_what_was_typed(
    world: World, bench: Bench
) -> None:
    request = opened(world, bench)
    shown = confirmed(world, comment="an hour of work")
    bench.clock.advance(minutes=16)
    late = world.post("sign", username="quinn", password=PASSWORD, **hidden(shown.text))
    assert late.status_code == 409 and "was shown too long ago" in late.text and not bench.stored(request).signatures
    world.post("sign", username="quinn", password=PASSWORD, **hidden(late.text))
    assert bench.stored(request).signatures[0].comment == "an hour of work"


def test_a_form_that_is_sent_twice_says_that_it_was_signed(world: World, bench: Bench) -> None:
    request = opened(world, bench)
    fields = hidden(confirmed(world).text)
    assert world.post("sign", username="quinn", password=PASSWORD, **fields).status_code == 303
    again = world.post("sign", username="quinn", password=PASSWORD, **fields)
    assert again.status_code == 409 and "quinn has signed this request already" in again.text.lower()
    assert len(bench.stored(request).signatures) == 1 and 'type="password"' not in again.text


@pytest.mark.parametrize("broken", ["nothing", "evaluation", "plan"])
def test_only_what_the_desk_would_take_is_offered(world: World, bench: Bench, broken: str) -> None:
    request = opened(world, bench)
    lost: dict[str, dict[str, Any]] = {"evaluation": bench.evidence.evaluations, "plan": bench.evidence.plans}
    lost.get(broken, {}).clear()
    page = world.browser.get(world.address).text
    offered = [each["value"] for each in Page(page).all("input") if each["type"] == "radio"]
    taken = [each for each in Meaning if _takes(bench, request, each)]
    assert set(offered) == set(taken)
    if broken == "plan":
        assert "<form" not in page and "the request ends unsigned at" in page and "nobody can sign" in page


def _takes(bench: Bench, request: ApprovalRequest, meaning: Meaning) -> bool:
    try:
        bench.show(request, meaning, "why")
    except ApprovalError:
        return False
    return True
