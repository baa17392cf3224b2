"""The desk's list of requests: what each of them still waits for."""

from __future__ import annotations

from typing import Any

import pytest
from approval_bench import Bench

from vigil.approvals import requests
from vigil.approvals.desk_service import DeskService
from vigil.approvals.models import Meaning


def listed(bench: Bench) -> list[dict[str, Any]]:
    def no_dossier(request: object) -> Any:
        raise AssertionError("a list shows no evidence")

    return DeskService(bench.signing, no_dossier).requests()


def waiting(bench: Bench) -> list[tuple[str, str]]:
    [row] = listed(bench)
    return [(seat["role"], seat["meaning"]) for seat in row["open_seats"]]


def test_a_request_is_listed_with_the_seats_that_nobody_has_signed_in() -> None:
    bench = Bench.make()
    request = bench.open()
    assert waiting(bench) == [("quality-assurance", "reviewed"), ("model-owner", "approved")]
    bench.review(request)
    assert waiting(bench) == [("model-owner", "approved")]


def test_a_request_that_has_ended_waits_for_nobody() -> None:
    bench = Bench.make()
    bench.sign(bench.open(), Meaning.REJECTED, "ana", "no")
    assert "open_seats" not in listed(bench)[0]


def test_a_request_whose_plan_cannot_be_relied_on_is_listed_all_the_same() -> None:
    bench = Bench.make()
    bench.open()
    other = bench.plan.model_copy(update={"version": "2.0"})
    bench.evidence.plans[bench.plan.digest] = other
    [row] = listed(bench)
    assert row["status"] == "PENDING" and "open_seats" not in row and "token_ciphertext" not in row


def test_of_past_requests_only_the_newest_are_listed_and_of_those_that_wait_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(requests, "MOST_PAST", 1)
    bench = Bench.make()
    ended = []
    for number in range(2):
        request = bench.open(f"arn:ended-{number}", f"token-{number}" * 30)
        bench.sign(request, Meaning.REJECTED, "ana", "no")
        ended.append(request.request_id)
    waits = bench.open("arn:waits", "token-9" * 30)
    assert {row["request_id"] for row in listed(bench)} == {waits.request_id, ended[1]}
