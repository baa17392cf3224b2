"""21 CFR 11.10(k): controls over systems documentation: revision and change control with a time-sequenced history (2).

Who may have which document (1) is the organisation's own procedure. What the system holds: documents, change control
plan and code are one revision, and every signature covers which one it was.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from approval_bench import Bench
from pydantic import ValidationError

from vigil.approvals.models import Facts
from vigil.approvals.statement import statement

REPOSITORY = Path(__file__).resolve().parents[2]
DOCUMENTED = ("docs", "change_control")


@pytest.mark.skipif(not (REPOSITORY / ".git").exists(), reason="an export has no history")
def test_every_document_is_under_the_version_control_of_the_code() -> None:
    listed = subprocess.run(
        ["git", "ls-files", *DOCUMENTED], cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=60
    )
    found = {str(path.relative_to(REPOSITORY)) for folder in DOCUMENTED for path in (REPOSITORY / folder).rglob("*.*")}
    documents = {name for name in found if name.endswith((".md", ".yaml"))}
    assert documents and documents <= set(listed.stdout.splitlines())


def test_what_is_signed_says_of_which_revision_it_came() -> None:
    bench = Bench.make()
    request = bench.approved()
    for signature in request.signatures:
        facts = statement(request, signature)["facts"]
        assert (facts["code_revision"], facts["plan_digest"]) == (bench.facts.code_revision, bench.plan.digest)


@pytest.mark.parametrize("missing", ["code_revision", "plan_digest"])
def test_nothing_is_asked_to_be_signed_without_a_revision(missing: str) -> None:
    document = Bench.make().facts.model_dump(mode="json")
    for wrong in ({missing: ""}, {missing: None}):
        with pytest.raises(ValidationError):
            Facts.model_validate(document | wrong)
    del document[missing]
    with pytest.raises(ValidationError):
        Facts.model_validate(document)
