"""What the documentation says is shown by a test, is: the test is there, and none of part 11 is left out."""

from __future__ import annotations

import re
from pathlib import Path

from vigil.approvals.errors import DeskUnavailableError, ProviderUnavailableError

TESTS = Path(__file__).parent
#: Of these the table names some tests.
CLOSE_BY = (
    "statemachines/test_champion_and_challenger.py",
    "statemachines/test_no_request_fails.py",
    "statemachines/test_redriven_run.py",
    "statemachines/test_stopped_update.py",
    "statemachines/test_waits_for_the_endpoint.py",
    "tasks/lambdas/test_way_into_service.py",
    "vigil/approvals/test_deliver.py",
    "vigil/aws/test_deployment_waits.py",
)
DEPLOYED = (
    "infra/test_attacks_deployed.py",
    "infra/test_rollback_attacks_deployed.py",
    "infra/test_faults_deployed.py",
    "infra/test_drift_deployed.py",
    "infra/test_drift_overrides.py",
)


def test_the_auditors_table_names_every_test_file_of_part_11(repository: Path) -> None:
    text = (repository / "docs" / "auditor.md").read_text()
    named = set(re.findall(r"`(test_11_\w+\.py)`", text))
    assert named == {each.name for each in (TESTS / "part11").glob("test_*.py")}


def test_every_test_that_the_table_of_attacks_and_faults_names_is_there(repository: Path) -> None:
    text = (repository / "docs" / "attacks_and_faults.md").read_text()
    for path in re.findall(r"`([a-z][\w/]*/[\w/.]+\.py)", text):
        assert (TESTS / path).exists(), path
    source = "".join((TESTS / path).read_text() for path in DEPLOYED)
    named = re.findall(r"(?:…|::|`)(?:::)?((?:test_|past_|for_)\w+)`", text)
    assert len(named) >= 14
    known = source + "".join((TESTS / path).read_text() for path in CLOSE_BY)
    for name in named:
        assert re.search(rf"def \w*{name}\(", known), name
    written = re.findall(r"^def (test_\w+)", source, re.MULTILINE)
    assert [each for each in written if not any(each.endswith(name) for name in named)] == []


def test_no_answer_of_the_desk_and_none_of_the_provider_exit_as_documented(repository: Path) -> None:
    text = (repository / "docs" / "approver.md").read_text()
    assert f"| {ProviderUnavailableError.exit_code} | the identity provider gave no answer" in text
    assert f"| {DeskUnavailableError.exit_code} | the function that signs gave no answer" in text
