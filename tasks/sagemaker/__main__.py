"""One image: SageMaker starts it with ``train`` or ``serve``, processing jobs with ``evaluate`` or ``compare``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vigil.aws.environment import code_revision, expected_artefact_digest, serving_port
from vigil.failures import describe_failure

FAILURE_CHARACTERS = 1024  # what SageMaker keeps of a reason
# Where it looks for one: training jobs show FailureReason, processing jobs ExitMessage.
FAILURE_FILES = {"train": "failure", "evaluate": "message", "compare": "message"}


def main() -> int:
    arguments = _parser().parse_args()
    root: Path = arguments.root
    try:
        return {"train": _train, "evaluate": _evaluate, "compare": _compare, "serve": _serve}[arguments.job](root)
    except Exception as error:
        message = describe_failure(error)
        print(message, file=sys.stderr, flush=True)
        if arguments.job in FAILURE_FILES:
            _write_failure(root / "output" / FAILURE_FILES[arguments.job], message)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tasks.sagemaker", description=__doc__)
    parser.add_argument("job", choices=("train", "evaluate", "compare", "serve"))
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


def _compare(root: Path) -> int:
    from vigil.models.paired import run_comparison

    run_comparison(root, _progress)
    return 0


def _serve(root: Path) -> int:
    from vigil.scoring.serve import serve

    return serve(root / "model", expected_artefact_digest(), serving_port(), _progress)


def _progress(line: str) -> None:
    print(line, flush=True)


def _write_failure(path: Path, message: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(message[:FAILURE_CHARACTERS], encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
