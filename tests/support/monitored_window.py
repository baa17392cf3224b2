"""One window of a promoted model as it lies in S3: captured answers, labels, the baseline and the model."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from captured_cases import ENDPOINT, START, WINDOW, capture_line, hour_file, label_line
from promoted_model import Promoted

from vigil.models.curated import CuratedSplit
from vigil.monitoring.baseline_job import Population
from vigil.monitoring.contract import STAMP
from vigil.monitoring.findings import ScoredCase
from vigil.monitoring.models import Monitor, Window

CAPTURE, MODELS = "s3://capture/", "s3://models/runs/run-1/baseline/"
ARTEFACT = "s3://models/artefacts/model.tar.gz"
CASES_OF_A_REQUEST = 100


def scored_cases(promoted: Promoted, split: str = "test") -> list[ScoredCase]:
    return list(Population(promoted.model, CuratedSplit(promoted.dataset, split)))


def write_window(
    root: Path, promoted: Promoted, cases: Iterable[ScoredCase], *, start: datetime = START, flipped: bool = False
) -> None:
    """Below ``root/capture`` the answers and labels of a window that begins at ``start``; ``flipped``: wrong labels."""
    rest, number = iter(cases), 0
    lines, labels = [], []
    while batch := list(islice(rest, CASES_OF_A_REQUEST)):
        number += 1
        request = f"request-{start:%d%H}-{number}"
        lines.append(
            capture_line(
                [case.report for case in batch],
                [case.score for case in batch],
                inference_id=request,
                moment=start,
                digest=promoted.baseline.artefact_digest,
            )
        )
        labels.append(label_line(request, {case.report.case_id: bool(case.serious) is not flipped for case in batch}))
    hour_file(root / f"capture/captured/{ENDPOINT}/champion", start, lines)
    hour_file(root / f"capture/ground-truth/{ENDPOINT}", start + timedelta(hours=1), labels)


def write_promotion(root: Path, promoted: Promoted) -> None:
    """Below ``root/models`` the baseline and the model."""
    shutil.copytree(promoted.folder, root / "models/runs/run-1/baseline")
    (root / "models/artefacts").mkdir(parents=True)
    shutil.copyfile(promoted.archive, root / "models/artefacts/model.tar.gz")


def environment(promoted: Promoted, monitor: Monitor, window: Window = WINDOW, **changes: str) -> dict[str, str]:
    """What the job is told, reading everything below S3 prefixes; an empty change takes a variable out."""
    told = {
        "dataset_source": f"{CAPTURE}captured/{ENDPOINT}/",
        "ground_truth_source": f"{CAPTURE}ground-truth/{ENDPOINT}/",
        "dataset_format": '{"sagemakerCaptureJson": {"captureIndexNames": ["endpointInput", "endpointOutput"]}}',
        "output_path": "/opt/ml/processing/output",
        "start_time": f"{window.start:{STAMP}}",
        "end_time": f"{window.end:{STAMP}}",
        "sagemaker_endpoint_name": ENDPOINT,
        "publish_cloudwatch_metrics": "Enabled",
        "vigil_monitor": str(monitor),
        "vigil_baseline_uri": MODELS,
        "vigil_baseline_digest": promoted.baseline.digest,
        "vigil_artefact_uri": ARTEFACT,
        "vigil_artefact_digest": promoted.baseline.artefact_digest,
        "vigil_plan_digest": promoted.plan.digest,
        "vigil_report_uri": f"{CAPTURE}reports/{ENDPOINT}/{monitor}/",
        "vigil_merged_uri": f"{CAPTURE}merged/{ENDPOINT}/",
    }
    return {name: value for name, value in (told | changes).items() if value}
