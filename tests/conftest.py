"""Fixtures for every test, and the count of real-data tests at the end of a run."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Both count seconds, which a busy machine makes longer: they would say nothing about what is tested.
settings.register_profile("vigil", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("vigil")
# The Java of a test lives for seconds: what its second compiler makes faster is less than what it costs.
os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
os.environ.pop("COLUMNS", None)  # xdist sets it in its processes; rich would keep it as each console's width for good
REPOSITORY = Path(__file__).resolve().parents[1]
REAL_DATA = REPOSITORY.parent / "shared" / "data"
# The whole job runs after everything else, so that a cheap failure is seen first: what has a stack of its own, then
# what uses the one, what looks at all that was left, and its end. The longest name that fits counts.
PLACES = {
    "tests/": 0,
    "tests/e2e/test_interrupt.py": 1,
    "tests/e2e/": 2,
    "tests/e2e/test_drift.py": 3,
    # These look at all that came before.
    "tests/e2e/browser/test_monitoring_pages.py": 4,
    "tests/e2e/test_permissions.py": 4,
    "tests/e2e/test_no_token_in_clear.py": 4,
    "tests/e2e/test_stop.py": 5,
}
real_data_outcomes: dict[str, int] = {"passed": 0, "failed": 0, "skipped": 0}


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with real FAERS archives. A test skips only where the folder is absent."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"no real FAERS reports: {REAL_DATA} is absent on this machine")
    return REAL_DATA


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: PLACES[max((prefix for prefix in PLACES if item.nodeid.startswith(prefix)), key=len)])


def pytest_collection_finish() -> None:
    """What was imported and collected stays until the end; else each full collection of garbage looks at all of it."""
    gc.collect()
    gc.freeze()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if "real_data" in report.keywords and (report.when == "call" or report.outcome != "passed"):
        real_data_outcomes[report.outcome] += 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where the real reports are, a skipped real-data test is a failure, and so is a full run that ran none."""
    if hasattr(session.config, "workerinput"):
        return  # one of several processes: the one that started them has all reports
    chosen = session.config.option
    everything = session.config.args_source.name == "TESTPATHS" and not (
        chosen.keyword or chosen.markexpr or chosen.collectonly
    )
    lacking = real_data_outcomes["skipped"] or (everything and not real_data_outcomes["passed"])
    if REAL_DATA.is_dir() and lacking and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    counts = ", ".join(f"{count} {outcome}" for outcome, count in real_data_outcomes.items())
    where = "" if REAL_DATA.is_dir() else f" ({REAL_DATA} is absent)"
    terminalreporter.write_line(f"real-data tests: {counts}{where}")
