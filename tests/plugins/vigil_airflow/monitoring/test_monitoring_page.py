"""What the Monitoring page says, of what people look for on it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError
from monitoring_examples import SERVING, window
from monitoring_pages import MONITORING, MonitoringWorld, text
from page_reading import Page
from vigil_airflow.pages.monitoring.view import next_run
from vigil_airflow.pages.monitoring.wording import window_name

from vigil.monitoring.models import Monitor, Window, WindowStatus

NASTY = "<img src=x onerror=alert(1)>"


def of(week: int, monitor: Monitor) -> str:
    return f"{MONITORING}/{window(week).key}/{monitor}"


def read(world: MonitoringWorld, address: str = MONITORING) -> str:
    answer = world.browser.get(address)
    assert answer.status_code == 200, answer.text
    Page(answer.text)  # well nested
    return answer.text


@pytest.mark.parametrize(
    ("role", "status"), [(None, 401), ("stranger", 403), ("viewer", 200), ("signer", 200)], ids=str
)
@pytest.mark.parametrize("address", [MONITORING, of(7, Monitor.DATA_QUALITY)])
def test_who_may_read(world: MonitoringWorld, role: str | None, status: int, address: str) -> None:
    world.sign_in("ana", role) if role else world.sign_out()
    answer = world.browser.get(address)
    assert answer.status_code == status
    assert ("sender" in answer.text) == (status == 200)


def test_the_state_at_a_glance_has_words_and_since_when(world: MonitoringWorld) -> None:
    said = text(read(world))
    assert "2 of 4 monitors violated" in said
    assert "Data quality ✗ 3 violations since 16 Feb 2026, 2 windows" in said
    assert "Bias … too few to judge" in said and "Feature attribution ✓ fine since 12 Jan 2026" in said


def test_too_few_are_never_told_as_an_all_clear(world: MonitoringWorld) -> None:
    world.reader.reports = [
        each.model_copy(update={"status": WindowStatus.TOO_FEW, "violations": (), "violation_count": 0})
        for each in world.reader.reports
    ]
    said = text(read(world))
    assert "not every monitor could judge" in said and "every monitor is fine" not in said


def test_every_window_of_the_grid_leads_to_its_detail(world: MonitoringWorld) -> None:
    page = Page(read(world))
    addresses = {each["href"] for each in page.all("a") if each["href"].startswith(f"{MONITORING}/2")}
    assert len(addresses) == 8 * 4
    for address in sorted(addresses):
        read(world, address)


def test_plots_come_with_their_figures_as_tables(world: MonitoringWorld) -> None:
    page = Page(read(world))
    drawings = [each for each in page.all("svg") if each.get("role") == "img"]
    tables = [each for figure in page.all("figure") for each in figure.inside if each.name == "table"]
    assert len(drawings) == len(page.all("figure")) == len(tables) == 3 + 5 + 1 + 4
    assert all(each["aria-label"] for each in drawings)
    assert "style" not in {name for each in page.elements for name in each}


def test_only_what_moved_is_drawn_on_the_overview_and_every_column_on_the_detail(world: MonitoringWorld) -> None:
    assert "age_years: share" not in read(world)
    assert "age_years: share" in read(world, of(7, Monitor.DATA_QUALITY))


def test_a_decision_says_what_why_by_which_rule_and_what_became_of_it(world: MonitoringWorld) -> None:
    said = text(read(world))
    assert "Retrain: data quality, 23 Feb to 2 Mar 2026" in said
    assert "What moved: reporter_country, js_distance 0.214 (limit 0.1); reporter_occupation" in said
    assert "Rule of the plan reports-changed: retrain" in said
    assert "run drift-" in said and "with 1,266 new labelled cases of 2025Q4" in said
    assert "joined the retraining of decision" in said
    assert "Overridden by model-owner, 2026-02-23 09:00:00 UTC: The sender reported a closed study" in said
    about = world.reader.decisions[0].decision_id
    told = f"vigil drift override {about} --decide investigate|ignore --user NAME --reason WHY"
    assert f"model owner, model owner deputy: {told}" in said


def test_ground_truth_is_counted_in_every_way(world: MonitoringWorld) -> None:
    page = Page(read(world))
    heads = [each.text for each in page.all("th")]
    for name in ("Late", "Duplicate", "Contradictory", "Unknown", "Unreadable"):
        assert name in heads
    assert "22.7%" in text(read(world))


def test_a_window_tells_its_violations_and_by_what_it_was_judged(world: MonitoringWorld) -> None:
    said = text(read(world, of(7, Monitor.DATA_QUALITY)))
    for words in ("Violations (3)", "share_change 0.081 0.03", "'MANUFACTURER Q' in 8.1% of the cases", "b" * 64):
        assert words in said
    assert "What was decided" in said


def test_where_violations_are_cut_it_says_so(world: MonitoringWorld) -> None:
    world.reader.reports = [each.model_copy(update={"violation_count": 250}) for each in world.reader.reports]
    assert "The first 3; all are in constraint_violations.json" in text(read(world, of(7, Monitor.DATA_QUALITY)))


def test_a_window_of_an_earlier_model_says_so(world: MonitoringWorld) -> None:
    assert "baseline of a model that no longer serves" in text(read(world, of(0, Monitor.BIAS)))
    assert "an earlier model" in text(read(world))


def test_without_a_model_in_service_it_says_when_monitoring_begins(world: MonitoringWorld) -> None:
    world.reader.serving = None
    assert "No model is in service yet" in text(read(world))


def test_what_cannot_be_read_is_said_beside_the_rest(world: MonitoringWorld) -> None:
    world.reader.files = world.reader.files.model_copy(update={"problems": ("the baseline cannot be shown: gone",)})
    assert "The baseline cannot be shown: gone." in text(read(world))


def test_text_from_windows_and_decisions_is_text(world: MonitoringWorld) -> None:
    """A sender's name, a reason: whatever came from outside is never markup."""
    report = next(each for each in world.reader.reports if each.violations)
    bad = report.violations[0].model_copy(update={"feature": NASTY, "description": NASTY})
    changed = report.model_copy(update={"violations": (bad,), "note": NASTY})
    world.reader.reports = [changed if each.id == report.id else each for each in world.reader.reports]
    world.reader.decisions = [
        each.model_copy(update={"explanation": NASTY, "override_reason": NASTY}) for each in world.reader.decisions
    ]
    moved = world.reader.files.moved[0]
    bars = tuple(each.model_copy(update={"label": NASTY}) for each in moved.bars)
    moved = moved.model_copy(update={"bars": bars, "feature": NASTY, "words": NASTY})
    world.reader.files = world.reader.files.model_copy(update={"moved": (moved,)})
    for address in (MONITORING, f"{MONITORING}/{report.window.key}/{report.monitor}"):
        assert "<img" not in read(world, address)


@pytest.mark.parametrize(
    "address",
    [
        "20260223T000000Z/data-quality",
        "yesterday/bias",
        f"{window(7).key}/weather",
        "20300101T000000Z-20300108T000000Z/bias",
    ],
)
def test_an_address_that_names_no_window_is_not_found(world: MonitoringWorld, address: str) -> None:
    answer = world.browser.get(f"{MONITORING}/{address}")
    assert answer.status_code == 404 and "There is nothing to show here" in answer.text


def test_where_aws_does_not_answer_only_the_kind_of_failure_is_told(world: MonitoringWorld) -> None:
    world.reader.error = ClientError({"Error": {"Code": "Throttled", "Message": "secret"}}, "Query")
    answer = world.browser.get(MONITORING)
    assert answer.status_code == 503 and "ClientError" in answer.text and "secret" not in answer.text


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0 5 ? * * *)", datetime(2026, 3, 3, 5, tzinfo=UTC)),
        ("cron(0 * ? * * *)", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ("cron(30 4 ? * 2 *)", datetime(2026, 3, 9, 4, 30, tzinfo=UTC)),  # AWS counts from 1, Sunday: Monday
        ("cron(30 4 ? * MON *)", datetime(2026, 3, 9, 4, 30, tzinfo=UTC)),
        ("cron(0 5 L * ? *)", None),
        ("cron(0 5 ? * * 2027)", None),
        ("rate(1 hour)", None),
        ("cron(x)", None),
        ("cron(99 5 ? * * *)", None),
    ],
)
def test_the_next_run_is_told_where_the_schedule_can_be_read(expression: str, expected: datetime | None) -> None:
    """https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based"""
    assert next_run(expression, datetime(2026, 3, 2, 9, 30, tzinfo=UTC)) == expected


def test_a_schedule_that_cannot_be_read_is_shown_as_it_is(world: MonitoringWorld) -> None:
    world.reader.expression = "rate(1 hour)"
    assert "as rate(1 hour) says" in text(read(world))


def test_a_model_that_was_not_monitored_yet_is_told_as_that(world: MonitoringWorld) -> None:
    """As after each change of what serves: neither an all-clear nor something that failed."""
    world.reader.serving = SERVING.model_copy(update={"artefact_digest": "9" * 64})
    said = text(read(world))
    assert "not monitored yet: the windows below are of an earlier model" in said
    world.reader.reports = []
    assert "not monitored yet: no window has ended since it serves" in text(read(world))


def test_figures_without_a_limit_are_never_told_as_fine(world: MonitoringWorld) -> None:
    said = text(read(world, of(7, Monitor.MODEL_QUALITY)))
    assert "auroc 0.861 (0.841 to 0.881) 0.886 ✓ fine" in said
    assert "recall_at_capacity 0.801 (0.781 to 0.821) – … not judged" in said


def test_windows_of_one_day_name_it_once() -> None:
    start = datetime(2026, 3, 5, 19, 5, 24, tzinfo=UTC)
    assert window_name(Window(start=start, end=start.replace(minute=6))) == "5 Mar 2026, 19:05 to 19:06 UTC"


def test_windows_of_hours_are_named_with_them() -> None:
    start = datetime(2025, 12, 31, 5, tzinfo=UTC)
    hours = Window(start=start, end=datetime(2026, 1, 1, 6, 30, tzinfo=UTC))
    assert window_name(hours) == "31 Dec 2025 05:00 to 1 Jan 2026 06:30 UTC"
