"""Reminders and escalation over the tables in memory: each once, to who may still sign, whatever the clock does."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from approval_bench import Bench, on_tables
from approval_fakes import NOW, TOKEN
from moto_stack import moto_stack

from vigil.approvals.errors import NotEntitledError
from vigil.approvals.models import Status
from vigil.approvals.remind import ReminderPorts, remind_all
from vigil.audit.events import EventName

DAY = 86_400


@dataclass
class Outbox:
    """``Mail`` and ``Notices``; ``refused``: addresses to which nothing can be sent."""

    sent: list = field(default_factory=list)
    notices: list = field(default_factory=list)
    refused: set = field(default_factory=set)

    def send(self, address, text):
        if address in self.refused:
            return False
        self.sent.append((address, text))
        return True

    def publish(self, subject, facts):
        self.notices.append((subject, facts))
        return True

    def addressed(self):
        """Who got mail since the last look."""
        found = sorted(address.partition("@")[0] for address, _ in self.sent)
        self.sent.clear()
        return found


@pytest.fixture
def bench():
    made = Bench.make()
    for name in made.people.rows:
        made.people.change(name, email=f"{name}@example.org")
    return made


@pytest.fixture
def outbox():
    return Outbox()


@pytest.fixture
def ports(bench, outbox):
    return ReminderPorts(
        bench.store, bench.evidence, bench.people, outbox, outbox, bench.clock, "https://airflow.example"
    )


HOLDERS = ["ana", "ben", "both", "dana", "pat", "quentin", "quinn"]


def test_those_who_may_sign_are_told_at_the_opening_once(bench, ports, outbox):
    request = bench.open()
    assert remind_all(ports) == {request.request_id: "opened"}
    assert outbox.addressed() == HOLDERS
    assert remind_all(ports) == {}
    assert outbox.addressed() == []
    ((subject, facts),) = outbox.notices
    assert (subject, facts["event"]) == (f"Vigil: {request.request_id} waits for signatures", "approval-opened")
    assert facts["where"].endswith(f"https://airflow.example/plugin/approvals/{request.request_id}")


def test_each_reminder_of_the_plan_comes_once_when_it_is_due(bench, ports, outbox):
    request = bench.open()
    remind_all(ports)
    outbox.addressed()
    seen = []
    while bench.clock() < request.expires_at:
        bench.clock.advance(hours=6)
        for what in remind_all(ports).values():
            seen.append(((request.expires_at - bench.clock()).total_seconds() / DAY, what))
    assert seen == [(7, "reminder"), (3, "escalated"), (2, "reminder"), (1, "reminder")]
    assert bench.stored(request).reminded == [14 * DAY, 7 * DAY, 2 * DAY, DAY]
    recorded = [record.details["seconds_before_expiry"] for record in bench.ledger.of(EventName.REQUEST_REMINDED)]
    assert recorded == [[14 * DAY], [7 * DAY], [2 * DAY], [DAY]]


def test_after_a_downtime_only_the_latest_reminder_is_sent_and_all_are_marked(bench, ports, outbox):
    request = bench.open()
    bench.clock.advance(days=13, hours=1)
    assert remind_all(ports) == {request.request_id: "escalated, reminder"}
    (record,) = bench.ledger.of(EventName.REQUEST_REMINDED)
    assert record.details["seconds_before_expiry"] == [DAY, 2 * DAY, 7 * DAY, 14 * DAY]
    assert bench.stored(request).reminded == [14 * DAY, 7 * DAY, 2 * DAY, DAY]
    assert remind_all(ports) == {}


def test_a_clock_that_jumps_ahead_and_back_doubles_nothing(bench, ports, outbox):
    bench.open()
    bench.clock.advance(days=8)
    remind_all(ports)
    outbox.addressed()
    bench.clock.advance(days=-8)
    assert remind_all(ports) == {}
    bench.clock.advance(days=8)
    assert remind_all(ports) == {}
    assert outbox.addressed() == []


def test_many_sweeps_at_once_send_each_mail_once(bench, ports, outbox):
    bench.open()
    bench.clock.advance(days=12)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: remind_all(ports), range(64)))
    for subject in {text.subject for _, text in outbox.sent}:
        addresses = [address for address, text in outbox.sent if text.subject == subject]
        assert len(addresses) == len(set(addresses)) > 0, subject
    assert len(bench.ledger.of(EventName.REQUEST_ESCALATED)) == 1


def test_two_sweeps_that_read_the_same_row_on_the_real_table_send_each_mail_once(bench, ports, outbox, monkeypatch):
    """The table calls an equal entry that is stored already one's own: the other sweep's must not be equal."""
    with moto_stack(monkeypatch) as stack:
        real = on_tables(bench, stack.client("dynamodb"), stack.parameters.tables)
        ports = replace(ports, store=real.store, people=real.people)
        real.open()
        read = real.store.get

        def then_another_sweeps(request_id):
            found = read(request_id)
            real.store.get = read
            remind_all(ports)
            return found

        real.store.get = then_another_sweeps
        assert remind_all(ports) == {}
    assert outbox.addressed() == HOLDERS


def test_who_has_signed_and_whose_seat_is_filled_hears_no_more(bench, ports, outbox):
    bench.review(bench.open(), "quinn")
    remind_all(ports)
    assert outbox.addressed() == ["ana", "ben", "both", "dana"]


def test_who_was_revoked_or_has_no_address_gets_no_mail(bench, ports, outbox):
    bench.people.change("ana", revoked_at=NOW)
    bench.people.change("ben", email=None)
    bench.open()
    remind_all(ports)
    assert outbox.addressed() == [name for name in HOLDERS if name not in ("ana", "ben")]


def test_a_deputy_hears_of_it_and_may_sign_once_it_was_escalated(bench, ports, outbox):
    request = bench.open()
    bench.clock.advance(days=10, hours=23)
    remind_all(ports)
    assert not {"mo", "qi"} & set(outbox.addressed())
    with pytest.raises(NotEntitledError):
        bench.approve(request, "mo")
    bench.clock.advance(hours=1)
    before = bench.stored(request).revision
    assert remind_all(ports) == {request.request_id: "escalated"}
    assert set(outbox.addressed()) == {*HOLDERS, "mo", "qi"}
    stored = bench.stored(request)
    assert (stored.escalated_at, stored.revision) == (bench.clock(), before + 1)
    (record,) = bench.ledger.of(EventName.REQUEST_ESCALATED)
    assert {"mo", "qi"} <= set(record.details["to"])
    assert bench.approve(request, "mo").signatures[0].deputy_role == "model-owner-deputy"


def test_only_the_deputies_of_open_seats_are_called_in(bench, ports, outbox):
    bench.review(bench.open(), "quinn")
    bench.clock.advance(days=11)
    remind_all(ports)
    assert "mo" in (told := outbox.addressed())
    assert "qi" not in told


@pytest.mark.parametrize("end", ["decided", "expired", "moved"])
def test_nobody_hears_of_a_request_that_waits_no_more(bench, ports, outbox, end):
    request = bench.open()
    if end == "decided":
        bench.approve(bench.review(request))
    elif end == "expired":
        bench.clock.advance(days=14)
    else:
        bench.store.change(request.request_id, status=Status.SUPERSEDED)
    assert remind_all(ports) == {}
    assert outbox.addressed() == []


def test_a_stack_that_asks_sooner_than_the_plan_neither_reminds_before_the_opening_nor_escalates_at_once(
    bench, ports, outbox
):
    request = bench.open(timeout_seconds=3600)
    assert remind_all(ports) == {request.request_id: "opened"}
    bench.clock.advance(minutes=59)
    assert remind_all(ports) == {}
    assert bench.stored(request).escalated_at is None


def test_a_signature_in_the_same_moment_wins_and_nothing_is_sent(bench, ports, outbox):
    """The row is not what the sweep had read."""
    request = bench.open()
    read = bench.store.get

    def then_signed(request_id):
        found = read(request_id)
        bench.store.get = read
        bench.reject(found, "ana")
        return found

    bench.store.get = then_signed
    assert remind_all(ports) == {}
    assert outbox.addressed() == []
    assert bench.stored(request).status is Status.REJECTED


def test_a_person_to_whom_no_mail_goes_stops_nobody_and_is_named_on_the_topic(bench, ports, outbox, caplog):
    outbox.refused = {"ana@example.org"}
    request = bench.open()
    assert remind_all(ports) == {request.request_id: "opened, no mail to 1"}
    assert outbox.addressed() == [name for name in HOLDERS if name != "ana"]
    ((_, facts),) = outbox.notices
    assert facts["mail_not_sent_to"] == ["ana"]


def test_without_a_sender_the_topic_alone_is_told(bench, ports, outbox):
    bench.open()
    bench.clock.advance(days=7)
    remind_all(replace(ports, mail=None))
    assert outbox.addressed() == []
    ((subject, facts),) = outbox.notices
    assert "reminder" in subject
    assert facts["open_seats"] == ["reviewed, by quality-assurance", "approved, by model-owner"]


def test_a_ledger_that_cannot_be_written_sends_nothing_and_the_next_sweep_does(bench, ports, outbox, monkeypatch):
    request = bench.open()

    def broken(*_):
        raise ConnectionError("not now")

    with monkeypatch.context() as patch:
        patch.setattr(bench.store, "replace", broken)
        assert remind_all(ports) == {request.request_id: "failed: ConnectionError"}
    assert outbox.addressed() == []
    remind_all(ports)
    assert outbox.addressed() == HOLDERS


def test_a_request_whose_plan_cannot_be_read_stops_no_other(bench, ports, outbox):
    broken = bench.open("arn:other", "token-2" * 30, facts=bench.facts.model_copy(update={"plan_digest": "0" * 64}))
    good = bench.open()
    assert remind_all(ports) == {broken.request_id: "failed: EvidenceError", good.request_id: "opened"}


def test_by_a_plan_that_is_not_the_pinned_one_nobody_is_called_in(bench, ports, outbox):
    bench.open()
    bench.evidence.plans[bench.plan.digest] = bench.plan.model_copy(update={"version": "2.0"})
    assert list(remind_all(ports).values()) == ["failed: EvidenceError"]
    assert outbox.addressed() == []


def test_whose_training_has_ended_is_told_to_repeat_it(bench, ports, outbox):
    bench.people.change("ana", roles={"model-owner": NOW - timedelta(days=400)})
    bench.open()
    remind_all(ports)
    texts = {address: text.body for address, text in outbox.sent}
    assert "repeat it before you sign" in texts["ana@example.org"]
    assert "repeat it before you sign" not in texts["ben@example.org"]


def test_no_token_and_no_ciphertext_is_in_mail_notice_or_ledger(bench, ports, outbox):
    request = bench.open()
    bench.clock.advance(days=13)
    remind_all(ports)
    said = [text.body + text.subject for _, text in outbox.sent] + [str(facts) for _, facts in outbox.notices]
    said += [record.model_dump_json() for record in bench.ledger.read(f"model:{request.run_key}")]
    assert len(said) > 5
    for text in said:
        assert TOKEN not in text
        assert request.token_ciphertext not in text
