"""The desk and what interfaces say to it, over the wire that the Lambda function speaks."""

import json

import pytest
from approval_fakes import PASSWORD
from pydantic import SecretStr, ValidationError

from vigil.approvals import errors
from vigil.approvals.desk import SigningAnswer, SigningOrder
from vigil.approvals.desk_service import DeskService, NotNotableError
from vigil.approvals.desk_wire import (
    LONGEST_NAME,
    MOST_NOTE_BYTES,
    Note,
    Prepare,
    Requests,
    Show,
    Sign,
    received,
    sent,
    serve,
)
from vigil.approvals.dossier import Dossier
from vigil.approvals.models import Meaning, PasswordProof, SessionProof, Status, TokenProof
from vigil.audit.events import EventName
from vigil.audit.models import Actor

READER = Actor(name="ana", via="airflow", verified=True)


def dossier_of(request):
    return Dossier(
        request=request.public(), plan=None, evaluation=None, problem="invented", seats=[], verified=[], serving=None,
        dataset=None, serving_dataset=None, changes=[], known_limits=[],
    )  # fmt: skip


@pytest.fixture
def desk(bench):
    return DeskService(bench.signing, dossier_of)


@pytest.fixture
def ask(desk):
    """A message through JSON both ways, as Lambda carries it."""

    def ask(message):
        event = json.loads(json.dumps(sent(message)))
        return received(json.loads(json.dumps(serve(event, desk))))

    return ask


def test_requests_are_listed_newest_first_without_their_tokens(bench, ask):
    older = bench.open(execution="arn:of:one", token="token-one")
    bench.clock.advance(minutes=1)
    newer = bench.open(execution="arn:of:two", token="token-two")
    listed = ask(Requests())
    assert [row["request_id"] for row in listed] == [newer.request_id, older.request_id]
    assert "ciphertext" not in json.dumps(listed)


def test_a_signature_goes_all_the_way_through_the_wire(bench, ask):
    request = bench.open()
    order = SigningOrder(request_id=request.request_id, meaning=Meaning.REVIEWED, comment="naïve <b>")
    challenge = ask(Prepare(order=order, reader=READER))
    proof = PasswordProof(username="quinn", password=SecretStr(PASSWORD))
    result = ask(Sign(answer=SigningAnswer(challenge_id=challenge["challenge_id"], proof=proof)))
    assert result["signed_as"] == "quality-assurance"
    assert bench.stored(request).signatures[0].comment == "naïve <b>"


def test_who_reads_evidence_is_recorded_before_it_is_given_and_as_a_claim(bench, ask):
    request = bench.open()
    assert ask(Show(request_id=request.request_id, reader=READER))["problem"] == "invented"
    (record,) = bench.ledger.of(EventName.EVIDENCE_READ)
    assert (record.subject, record.actor) == (request.request_id, READER.model_copy(update={"verified": False}))


def test_who_is_shown_nothing_to_sign_is_recorded_once_in_an_hour(bench, ask):
    request = bench.reject(bench.open())
    order = SigningOrder(request_id=request.request_id, meaning=Meaning.APPROVED, comment="my secret comment")
    for reader in (READER, READER, READER.model_copy(update={"name": "other"})):
        with pytest.raises(errors.AlreadyDecidedError):
            ask(Prepare(order=order, reader=reader))
    found = bench.ledger.of(EventName.SIGNATURE_REFUSED)
    assert [(each.chain, each.subject) for each in found] == [(f"model:{request.run_key}", request.request_id)] * 2
    assert [each.actor.name for each in found] == [READER.name, "other"]
    assert (found[0].actor.verified, found[0].details["step"]) == (False, "prepare")
    assert "my secret comment" not in found[0].model_dump_json()
    bench.clock.advance(hours=1)
    with pytest.raises(errors.AlreadyDecidedError):
        ask(Prepare(order=order, reader=READER))
    assert len(bench.ledger.of(EventName.SIGNATURE_REFUSED)) == 3


def test_who_wants_to_sign_what_nobody_knows_is_recorded_without_the_name_that_was_given(bench, ask):
    order = SigningOrder(request_id="my-secret-word", meaning=Meaning.APPROVED)
    with pytest.raises(errors.UnknownRequestError):
        ask(Prepare(order=order, reader=READER))
    (record,) = bench.ledger.of(EventName.SIGNATURE_REFUSED)
    assert (record.chain, record.details["error"]) == ("stack", "UnknownRequestError")
    assert "my-secret-word" not in record.model_dump_json()


def test_evidence_that_cannot_be_recorded_as_read_is_not_given(bench, desk):
    request = bench.open()
    bench.ledger.append = lambda _: (_ for _ in ()).throw(ConnectionError("no ledger"))
    with pytest.raises(ConnectionError):
        desk.show(request.request_id, READER)


def test_a_refusal_comes_back_as_its_class_and_words(bench, ask):
    with pytest.raises(errors.UnknownRequestError, match="apr-none"):
        ask(Show(request_id="apr-none", reader=READER))


def all_errors():
    return [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.ApprovalError)]


@pytest.mark.parametrize("kind", all_errors())
def test_every_refusal_crosses_the_wire(kind):
    with pytest.raises(kind, match="why") as caught:
        received({"refused": {"error": kind.__name__, "message": "why"}})
    assert type(caught.value) is kind


@pytest.mark.parametrize("name", ["SignatureInvalidError", "annotations", "Nonsense", "__builtins__"])
def test_a_refusal_that_is_none_of_ours_is_still_a_refusal(name):
    with pytest.raises(errors.ApprovalError):
        received({"refused": {"error": name, "message": "why"}})


@pytest.mark.parametrize("answer", [None, [], {}, "text", {"error": "x"}])
def test_an_answer_that_is_none_is_said_to_be_none(answer):
    with pytest.raises(errors.DeskUnavailableError):
        received(answer)


def test_every_refusal_has_an_exit_code_of_its_own():
    codes = [kind.exit_code for kind in all_errors() if kind.exit_code != 1]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"operation": "decide"},
        {"operation": "sign", "answer": {"challenge_id": "c", "proof": {"kind": "password", "username": "x" * 200,
                                                                        "password": "pa55word!"}}},
        {"operation": "sign", "answer": {"challenge_id": "c", "proof": {"kind": "none", "password": "pa55word!"}}},
        {"operation": "requests", "password": "pa55word!"},
        {"operation": "note", "event": "evidence.read", "actor": READER.model_dump(), "subject": "pa55word!"},
        {"operation": "note", "event": "signature.made", "actor": READER.model_dump(), "subject": "pa55word!"},
    ],
)  # fmt: skip
def test_an_event_that_is_none_is_refused_without_repeating_it(desk, event):
    with pytest.raises(ValidationError) as caught:
        serve(event, desk)
    assert "pa55word!" not in str(caught.value)


def test_interfaces_may_have_exports_recorded(bench, ask):
    ask(Note(event=EventName.LEDGER_EXPORTED, actor=READER, subject="the ledger", details={"chains": 3}))
    (record,) = bench.ledger.of(EventName.LEDGER_EXPORTED)
    assert (record.chain, record.actor.verified, record.details) == ("stack", False, {"chains": 3})


@pytest.mark.parametrize(
    "more",
    [
        {"details": {"x": "y" * MOST_NOTE_BYTES}},
        {"subject": "s" * (LONGEST_NAME + 1)},
        {"actor": {**READER.model_dump(), "name": "n" * (LONGEST_NAME + 1)}},
    ],
)
def test_nobody_fills_the_ledger_by_notes(desk, bench, more):
    note = {"operation": "note", "event": "ledger.exported", "actor": READER.model_dump(), "subject": "s"}
    with pytest.raises(ValidationError):
        serve(note | more, desk)
    assert bench.ledger.events() == []


@pytest.mark.parametrize("event", sorted(set(EventName) - {EventName.LEDGER_EXPORTED}))
def test_interfaces_may_have_nothing_else_recorded(bench, desk, event):
    with pytest.raises(NotNotableError):
        desk.note(event, READER, "x", {})
    assert bench.ledger.events() == []


@pytest.mark.parametrize(
    ("proof", "secrets"),
    [
        (PasswordProof(username="ana", password=SecretStr("s1")), {"username": "ana", "password": "s1"}),
        (TokenProof(id_token=SecretStr("s2")), {"id_token": "s2"}),
        (SessionProof(session=SecretStr("s3"), password=SecretStr("s4")), {"session": "s3", "password": "s4"}),
    ],
)
def test_a_proof_reaches_the_desk_whole_and_shows_nowhere_else(proof, secrets):
    message = Sign(answer=SigningAnswer(challenge_id="c", proof=proof))
    assert sent(message)["answer"]["proof"] == {"kind": proof.kind} | secrets
    assert not any(f"'{secret}'" in repr(message) for name, secret in secrets.items() if name != "username")


def test_nothing_on_the_desk_decides_by_being_looked_at(bench, ask):
    """What a mail scanner or a browser may fetch ahead of time: lists and dossiers change no request."""
    request = bench.open()
    ask(Requests())
    ask(Show(request_id=request.request_id, reader=READER))
    ask(Prepare(order=SigningOrder(request_id=request.request_id, meaning=Meaning.APPROVED), reader=READER))
    assert bench.stored(request) == request
    assert request.status is Status.PENDING
