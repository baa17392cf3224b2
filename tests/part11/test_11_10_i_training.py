"""21 CFR 11.10(i): persons who use the system have the education, training and experience to perform their tasks."""

from __future__ import annotations

from datetime import timedelta

import pytest
from people_fakes import FakeNotices
from signing_people import Desk, desk

from vigil.approvals.administration import AdministrationPorts, NotPossibleError, train
from vigil.approvals.administration_orders import Train
from vigil.approvals.errors import NotEntitledError, TrainingExpiredError
from vigil.audit.events import EventName


@pytest.fixture
def at_desk() -> Desk:
    return desk()


def trained(at: Desk, days_ago: float) -> None:
    quinn = at.bench.people.get("quinn")
    roles = {"quality-assurance": at.bench.clock() - timedelta(days=days_ago)}
    assert at.bench.people.replace(quinn.model_copy(update={"roles": roles}))


def test_whose_training_has_expired_cannot_sign_and_is_told_what_to_do(at_desk: Desk) -> None:
    request = at_desk.bench.open()
    trained(at_desk, at_desk.bench.plan.protocol.approval.training_valid_days)
    with pytest.raises(TrainingExpiredError, match="vigil people train quinn --role quality-assurance"):
        at_desk.bench.review(request)
    assert at_desk.bench.stored(request).signatures == []
    assert [record.actor.name for record in at_desk.bench.ledger.of(EventName.SIGNATURE_REFUSED)] == ["quinn"]


def test_whose_training_is_current_signs(at_desk: Desk) -> None:
    trained(at_desk, at_desk.bench.plan.protocol.approval.training_valid_days - 1)
    assert len(at_desk.bench.review(at_desk.bench.open()).signatures) == 1


def test_training_for_another_role_entitles_to_nothing(at_desk: Desk) -> None:
    with pytest.raises(NotEntitledError):
        at_desk.bench.review(at_desk.bench.open(), "ana")


class Recorded:
    """People whose changes come with an entry, as the administration's table has them."""

    def __init__(self, at: Desk) -> None:
        self.people, self.ledger = at.bench.people, at.bench.ledger
        self.get = self.people.get

    def replace(self, person, entry) -> bool:  # type: ignore[no-untyped-def]
        self.ledger.append(entry)
        return self.people.replace(person)


def test_training_is_recorded_with_who_recorded_it_and_lets_sign_again(at_desk: Desk) -> None:
    trained(at_desk, 400)
    ports = AdministrationPorts(Recorded(at_desk), None, FakeNotices(), "nowhere", at_desk.bench.clock)  # type: ignore[arg-type]
    train(Train(username="quinn", role="quality-assurance", by="an administrator"), ports)
    (record,) = at_desk.bench.ledger.of(EventName.PERSON_CHANGED)
    assert (record.actor.name, record.details["what"]) == ("an administrator", "trained")
    assert record.old["roles"] != record.new["roles"]
    assert len(at_desk.bench.review(at_desk.bench.open()).signatures) == 1
    tomorrow = at_desk.bench.clock() + timedelta(days=1)
    with pytest.raises(NotPossibleError, match="in the future"):
        train(Train(username="quinn", role="quality-assurance", trained_at=tomorrow, by="x"), ports)
