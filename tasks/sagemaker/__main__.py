"""One image for every job: SageMaker starts it with ``train`` or ``serve``, a processing job names what it is to do."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vigil.aws.environment import code_revision, expected_artefact_digest, monitoring_environment, serving_port
from vigil.failures import describe_failure

FAILURE_CHARACTERS = 1024  # what SageMaker keeps of a reason
# Where it looks for one: training jobs show FailureReason, processing jobs ExitMessage.
PROCESSING = ("evaluate", "compare", "baseline", "monitor", "merge-ground-truth")
FAILURE_FILES = {"train": "failure", **dict.fromkeys(PROCESSING, "message")}


def main() -> int:
    arguments = _parser().parse_args()
    root: Path = arguments.root
    try:
        return JOBS[arguments.job](root)
    except Exception as error:
        message = describe_failure(error)
        print(message, file=sys.stderr, flush=True)
        if arguments.job in FAILURE_FILES:
            _write_failure(root / "output" / FAILURE_FILES[arguments.job], message)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tasks.sagemaker", description=__doc__)
    # SageMaker's own schedules of bias and explainability monitors start the image without a word.
    parser.add_argument("job", choices=tuple(JOBS), nargs="?", default="monitor")
    parser.add_argument("--root", type=Path, default=Path("/opt/ml"), help="where the platform puts inputs")
    return parser


def _train(root: Path) -> int:
    from vigil.models.jobs import run_training

    run_training(root, _progress)
    return 0


def _evaluate(root: Path) -> int:
    from vigil.models.jobs import run_evaluation

    run_evaluation(root, code_revision(), _progress)
    return 0


def _baseline(root: Path) -> int:
    from vigil.monitoring.baseline_job import run_baseline

    run_baseline(root, _progress)
    return 0


def _monitor(root: Path) -> int:
    from vigil.aws.monitoring_outside import AwsOutside
    from vigil.monitoring.jobs import run_monitor

    run_monitor(root, monitoring_environment(), AwsOutside(), _progress)
    return 0


def _compare(root: Path) -> int:
    from vigil.models.paired import run_comparison

    run_comparison(root, _progress)
    return 0


def _merge(root: Path) -> int:
    from vigil.aws.monitoring_outside import AwsOutside
    from vigil.monitoring.merge_job import run_merge

    run_merge(monitoring_environment(), AwsOutside(), _progress)
    return 0


def _serve(root: Path) -> int:
    from vigil.scoring.serve import serve

    return serve(root / "model", expected_artefact_digest(), serving_port(), _progress)


def _progress(line: str) -> None:
    print(line, flush=True)


def _write_failure(path: Path, message: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(message[:FAILURE_CHARACTERS], encoding="utf-8")


JOBS = {
    "train": _train,
    "evaluate": _evaluate,
    "compare": _compare,
    "baseline": _baseline,
    "monitor": _monitor,
    "merge-ground-truth": _merge,
    "serve": _serve,
}


if __name__ == "__main__":
    sys.exit(main())
