"""Evidence in S3: evaluations and plans under the digest of their content, and the artefacts."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from vigil.approvals.errors import EvidenceError
from vigil.approvals.models import Facts
from vigil.aws.artefacts import ArtefactError, fetch_digest
from vigil.aws.objects import ObjectError, S3Uri, get_bytes, put_new
from vigil.change_control.models import Plan
from vigil.change_control.plan import PlanError, parse_plan
from vigil.models.models import Evaluation

PLAN_FILE = "plan.json"


class EvidenceStore:
    """``Evidence`` on S3. ``bucket`` is the models bucket."""

    def __init__(self, bucket: str, s3: Any = None) -> None:
        self._bucket = bucket
        self._s3 = s3

    def evaluation(self, facts: Facts) -> Evaluation:
        return self.read_evaluation(S3Uri.parse(facts.evaluation_uri))

    def plan(self, plan_digest: str) -> Plan:
        uri = self.plan_prefix(plan_digest) / PLAN_FILE
        try:
            return parse_plan(get_bytes(uri, self._s3).decode(), source=PLAN_FILE)
        except (ObjectError, PlanError, UnicodeDecodeError) as error:
            raise EvidenceError(f"the plan {plan_digest} cannot be read: {error}") from error

    def artefact_digest(self, facts: Facts) -> str:
        try:
            return fetch_digest(S3Uri.parse(facts.artefact_uri), self._s3)
        except (ArtefactError, ObjectError) as error:
            raise EvidenceError(f"the artefact {facts.artefact_uri} cannot be read: {error}") from error

    def read_evaluation(self, uri: S3Uri) -> Evaluation:
        try:
            return Evaluation.model_validate_json(get_bytes(uri, self._s3))
        except (ObjectError, ValidationError) as error:
            raise EvidenceError(f"the evaluation {uri} cannot be read: {error}") from error

    def keep_evaluation(self, evaluation: Evaluation) -> S3Uri:
        """Store it under its digest, unless it is there: a later write to the job's output changes nothing."""
        uri = S3Uri(self._bucket, f"evaluations/{evaluation.digest}/evaluation.json")
        self._put_new(evaluation.to_json(), uri)
        return uri

    def keep_plan(self, plan: Plan) -> S3Uri:
        """Store it under its digest, unless it is there. Gives the prefix, which is a job's input channel."""
        prefix = self.plan_prefix(plan.digest)
        self._put_new(plan.to_json(), prefix / PLAN_FILE)
        return prefix

    def plan_prefix(self, plan_digest: str) -> S3Uri:
        return S3Uri(self._bucket, f"plans/{plan_digest}/")

    def _put_new(self, content: bytes, uri: S3Uri) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / uri.name
            path.write_bytes(content)
            put_new(path, uri, self._s3)
