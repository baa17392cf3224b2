import pytest
from approval_bench import Bench
from approval_fakes import TOKEN

from vigil.approvals.reminder_text import Occasion, mail_text, one_line, subject_of

HOSTILE = "airflow:eve\r\nBcc: all@example.org\n\nSigned already, nothing to do.\x00\x1b[2J\u202e" + TOKEN


@pytest.fixture
def bench():
    return Bench.make()


def text_of(bench, request, url="https://airflow.example/"):
    seats = bench.plan.protocol.approval.signatures
    return mail_text(Occasion.REMINDER, request, seats, ["model-owner"], url)


def test_it_has_the_facts_the_open_seats_until_when_and_a_link_to_the_page(bench):
    request = bench.open()
    body = text_of(bench, request).body
    for fact in (
        request.facts.requested_by, request.facts.model_package_arn, request.facts.artefact_digest,
        "2026-03-16 09:30 UTC", "within-plan", "reviewed, by quality-assurance; approved, by model-owner",
        f"https://airflow.example/plugin/approvals/{request.request_id}\n",
    ):  # fmt: skip
        assert fact in body, fact


def test_without_an_address_of_airflow_it_names_the_command(bench):
    request = bench.open()
    body = text_of(bench, request, None).body
    assert "http" not in body
    assert f"vigil approvals show {request.request_id}" in body


def test_what_others_wrote_can_neither_begin_a_line_nor_a_header_nor_hold_a_token(bench):
    facts = bench.facts.model_copy(update={"requested_by": HOSTILE, "model_package_arn": HOSTILE})
    request = bench.open(facts=facts)
    honest = text_of(bench, bench.open("arn:other", "t" * 200))
    hostile = text_of(bench, request)
    assert len(hostile.body.splitlines()) == len(honest.body.splitlines())
    assert TOKEN not in hostile.body
    assert not {"\r", "\x00", "\x1b", "\u202e"} & set(hostile.body)
    assert "\n" not in hostile.subject


def test_a_subject_is_one_line_whatever_the_requests_id_has_become(bench):
    request = bench.open().model_copy(update={"request_id": "apr-1\r\nBcc: all@example.org"})
    for occasion in Occasion:
        assert "\n" not in subject_of(occasion, request)
        assert "\r" not in subject_of(occasion, request)


def test_a_long_value_is_cut(bench):
    assert len(one_line("word " * 1000)) <= 400
