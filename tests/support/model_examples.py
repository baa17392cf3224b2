"""Versions of a model with invented but plausible figures: one serves, one is in the shadow, two served before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from candidate_evidence import real_plan
from monitoring_examples import ARTEFACT, BASELINE, ENDPOINT, NOW

from vigil.approvals.errors import AuthenticationError
from vigil.approvals.models import PasswordProof
from vigil.change_control.shadow import ShadowFindings, judge_shadow
from vigil.models.models import Measure, Measures
from vigil.models.shown_versions import PairedTest, ShadowPeriod, ShownModels, ShownVersion
from vigil.models.versions import EndpointState, ModelVersion, Signed, Variant, VersionStatus

ACTIVE = 7
RIGHT_PASSWORD = "the right password"
#: When 7 went into service, and 5 out of it; when 5 went in, and 4 out.
SINCE = {7: NOW - timedelta(days=49), 5: NOW - timedelta(days=49), 4: NOW - timedelta(days=231)}


def arn(number: int) -> str:
    return f"arn:aws:sagemaker:us-east-1:123456789012:model-package/triage/{number}"


def version(number: int, status: VersionStatus, **changes: Any) -> ModelVersion:
    at = NOW - (timedelta(days=3) if number > ACTIVE else timedelta(days=50 + 91 * (ACTIVE - number), hours=7))
    signed = [
        ("Quality assurance", "quality-assurance", "reviewed", 26),
        ("Model owner", "model-owner", "approved", 29),
    ]
    return ModelVersion(**({
        "model_package_arn": arn(number),
        "version": number,
        "status": status,
        "registered_at": at,
        "changed_at": SINCE.get(number),
        "run_key": f"run-{number}",
        "requested_by": "airflow:operator",
        "dataset_version": f"{number}d" * 32,
        "artefact_digest": ARTEFACT if number == ACTIVE else f"{number}a" * 32,
        "evaluation_digest": f"{number}e" * 32,
        "plan_digest": f"{number}c" * 32,
        "code_revision": f"{number}f" * 20,
        "approval_request_id": f"apr-{number:012x}",
        "signatures": tuple(
            Signed(printed_name=name, role=role, meaning=meaning, signed_at=at + timedelta(hours=hours))
            for name, role, meaning, hours in signed
        ) if status in (VersionStatus.ACTIVE, VersionStatus.RETIRED, VersionStatus.APPROVED) else (),
        "figures": {
            "discrimination-newest-quarter": f"AUROC 0.88{number % 10} (0.865 to 0.905)",
            "calibration-newest-quarter": "calibration error 0.034 (0.026 to 0.047)",
        },
        "baseline_digest": BASELINE if number == ACTIVE else None,
    } | changes))  # fmt: skip


def paired(number: int, value: float, verdict: str = "passed") -> PairedTest:
    spread = 0.007
    interval = Measure(value=value, low=round(value - spread, 6), high=round(value + spread, 6))
    brier = Measure(value=-value / 2, low=round(-value / 2 - 0.003, 6), high=round(-value / 2 + 0.003, 6))
    return PairedTest(
        verdict=verdict, reason=f"AUROC differs by {value}", cases=1260, split="test_next",
        champion_package=arn(number - 1),
        difference=Measures(
            auroc=interval, average_precision=interval, brier=brier, calibration_error=brier,
            recall_at_capacity=interval,
        ),
    )  # fmt: skip


def models() -> ShownModels:
    """Version 8 is signed and in the shadow; 6 was turned away by the paired test; 5 and 4 served before."""
    rules = real_plan().protocol.update
    few = ShadowFindings(requests=rules.shadow.minimum_requests - 9, errors=0)
    judged = judge_shadow(few, rules.shadow, rules.paired_test)
    begun = NOW - timedelta(seconds=rules.shadow.seconds)
    shadow = ShadowPeriod(verdict=judged.verdict, reason=judged.reason, since=begun, until=NOW)
    return ShownModels(
        endpoint=EndpointState(
            name=ENDPOINT, status="Updating", config_name="config-8", recorded_config_name="config-7",
            variants=(
                Variant(name="champion", model_name="vigil-a", model_package_arn=arn(7), weight=1.0, desired_weight=1.0,
                        instances=2),
                Variant(name="challenger", model_name="vigil-8", model_package_arn=arn(8), weight=1.0,
                        desired_weight=1.0, instances=1, shadow=True),
            ),
            active_package=arn(7), run_key="run-7", artefact_digest=ARTEFACT, approval_request_id="apr-000000000007",
            baseline_digest=BASELINE, since=NOW - timedelta(days=49),
        ),
        versions=(
            ShownVersion(version=version(8, VersionStatus.APPROVED), paired=paired(8, 0.009), shadow=shadow),
            ShownVersion(version=version(7, VersionStatus.ACTIVE), paired=paired(7, 0.004)),
            ShownVersion(
                version=version(6, VersionStatus.REJECTED, note="worse than the model in service"),
                paired=paired(6, -0.031, "turned-away"),
            ),
            ShownVersion(version=version(5, VersionStatus.RETIRED), paired=paired(5, 0.012)),
            ShownVersion(version=version(4, VersionStatus.RETIRED)),
        ),
    )  # fmt: skip


class FakeModels:
    """``ModelsReader`` and ``RollbackDesk``, which takes ``RIGHT_PASSWORD`` alone.

    ``request_id``: of the request that asking opens; ``refuse``: instead.
    """

    def __init__(self) -> None:
        self.shown = models()
        self.error: Exception | None = None
        self.refuse: Exception | None = None
        self.request_id: str | None = "apr-00000000000b"
        self.asked: list[tuple[str, str, str]] = []

    def read(self) -> ShownModels:
        if self.error is not None:
            raise self.error
        return self.shown

    def ask(self, model_package_arn: str, reason: str, proof: PasswordProof, expected_signer: str) -> bool:
        if self.refuse is not None:
            raise self.refuse
        if proof.username != expected_signer or proof.password.get_secret_value() != RIGHT_PASSWORD:
            raise AuthenticationError("the user name or the password is wrong, or the account may not sign")
        self.asked.append((model_package_arn, reason, proof.username))
        if self.request_id:
            self.change(model_package_arn, rollback_request_id=self.request_id)
        return len(self.asked) == 1

    def change(self, model_package_arn: str, **changes: Any) -> None:
        versions = tuple(
            each.model_copy(update={"version": each.version.model_copy(update=changes)})
            if each.version.model_package_arn == model_package_arn
            else each
            for each in self.shown.versions
        )
        self.shown = self.shown.model_copy(update={"versions": versions})
