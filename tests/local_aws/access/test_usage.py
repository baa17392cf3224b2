"""What a role used is counted, kept over a restart, and bounded."""

from __future__ import annotations

from pathlib import Path

from local_aws.access.decision import Decision, Reason
from local_aws.access.needs import Need
from local_aws.access.policies import Grant
from local_aws.access.usage import MOST_REFUSALS, Usage
from local_aws.store import Store

ROLE = "arn:aws:iam::123456789012:role/reader"
GRANT = Grant("inline", "Read", "s3:Get*", "*")


def test_use_is_kept_over_a_restart(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.sqlite3")
    usage = Usage(store)
    usage.add(ROLE, Need("s3:GetObject", "a"), Decision(None, (GRANT,)))
    usage.add(ROLE, Need("s3:GetObject", "b"), Decision(None, (GRANT,)))
    usage.add(ROLE, Need("s3:GetObjectTagging", "b"), Decision(None, (GRANT,)))
    usage.add(ROLE, Need("s3:PutObject", "b"), Decision(Reason.NO_IDENTITY_POLICY))
    usage.save()
    store.close()
    again = Usage(Store(tmp_path / "state.sqlite3"))
    [used] = again.of(ROLE)["grants"].values()
    assert (used["actions"], used["count"]) == (["s3:GetObject", "s3:GetObjectTagging"], 3)
    [refusal] = again.of(ROLE)["refusals"].values()
    assert refusal["reason"] == "because no identity-based policy allows the s3:PutObject action"
    assert again.roles() == [ROLE]


def test_what_is_done_for_the_first_time_survives_a_kill(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.sqlite3")
    Usage(store).add(ROLE, Need("s3:GetObject", "a"), Decision(None, (GRANT,)))
    assert len(Usage(store).of(ROLE)["grants"]) == 1


def test_refusals_are_bounded(tmp_path: Path) -> None:
    usage = Usage(Store(tmp_path / "state.sqlite3"))
    for number in range(MOST_REFUSALS + 50):
        usage.add(ROLE, Need("s3:GetObject", str(number)), Decision(Reason.NO_IDENTITY_POLICY))
    assert len(usage.of(ROLE)["refusals"]) == MOST_REFUSALS
