"""Who is behind a run of `build_dataset`: a run's name alone proves nothing."""

from __future__ import annotations

import pytest
from drift_cases import NEW, report, rules, situation
from vigil_airflow import drift_origin

from vigil.approvals.identity import is_same_person
from vigil.monitoring.decide import decide
from vigil.monitoring.models import Decide, DriftDecision

DECISION = decide(report(), rules(), situation())
RUN = f"drift-{DECISION.decision_id}"


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> dict[str, DriftDecision]:
    decisions = {DECISION.decision_id: DECISION}
    monkeypatch.setattr(drift_origin, "_decision", decisions.get)
    return decisions


def test_a_run_that_a_decision_wants_was_asked_for_by_the_decision(known: dict[str, DriftDecision]) -> None:
    assert drift_origin.asker_of(RUN, NEW.archives, "mwaa") == f"drift:{DECISION.decision_id}"


def test_a_run_that_an_override_wants_was_asked_for_by_that_person(known: dict[str, DriftDecision]) -> None:
    known[DECISION.decision_id] = DECISION.model_copy(update={"overridden_by": "ana"})
    asker = drift_origin.asker_of(RUN, NEW.archives, "mwaa")
    assert asker is not None
    assert is_same_person(f"airflow:{asker}", "ana")
    assert not is_same_person(f"airflow:{asker}", "ben")


def test_other_runs_are_those_of_whoever_started_them(known: dict[str, DriftDecision]) -> None:
    assert drift_origin.asker_of("manual__1", [], "ben") == "ben"
    assert drift_origin.asker_of("scheduled__1", [], None) is None


def test_a_name_taken_by_a_person_hides_nobody(known: dict[str, DriftDecision]) -> None:
    assert drift_origin.asker_of("drift-unknown", NEW.archives, "ben") == "ben"
    assert drift_origin.asker_of(RUN, ["s3://raw/quarters/other.zip"], "ben") == "ben"
    known[DECISION.decision_id] = DECISION.model_copy(update={"decide": Decide.IGNORE})
    assert drift_origin.asker_of(RUN, NEW.archives, "ben") == "ben"
