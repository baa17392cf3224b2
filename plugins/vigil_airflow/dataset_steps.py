"""The steps of `build_dataset` between Airflow and the library: plain values in, plain values out."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

if TYPE_CHECKING:
    from vigil.aws.landing import LandedArchive
    from vigil.datasets.quality import QualityReport

logger = logging.getLogger(__name__)


class DatasetQualityError(AirflowFailException):
    """Quality rules failed: the same data would fail again, so no retry."""


class LandingRefusedError(AirflowFailException):
    """An archive is not what it should be, or none was named: the same archives would be refused again."""


@dataclass(frozen=True)
class RunFacts:
    """The DAG run that asks. ``as_of``: the day a scheduled or backfilled run is about; None where a person chose."""

    run_id: str
    is_backfill: bool = False
    as_of: date | None = None


def curation_arguments(archives: list[str], profile: str, engine: str, run: RunFacts) -> dict[str, Any]:
    """Land the archives. ``arguments`` of the Glue run, ``staging``, a prefix of this DAG run's own, and ``quarters``.

    An empty list means everything in the landing area; a run as of a day takes the quarters that had ended by then.
    Raises ``LandingRefusedError``, and skips where the day's quarter is the oldest there is.
    """
    from vigil.aws.environment import load_parameters, stack_name
    from vigil.aws.landing import LandingError, land
    from vigil.cases.archive import ArchiveError
    from vigil.datasets.selection import SelectionError, TooFewQuartersError
    from vigil.digests import digest_of

    buckets = load_parameters().buckets
    try:
        landed = land(archives or _landing_area(buckets.raw), buckets.raw)
        chosen = _chosen(landed, profile, run)
    except TooFewQuartersError as error:
        raise AirflowSkipException(str(error)) from error
    except (ArchiveError, LandingError, SelectionError) as error:
        raise LandingRefusedError(str(error)) from error
    for archive in chosen:
        logger.info("%s: %s (%s bytes)", archive.quarter, archive.uri, archive.size)
    described = [archive.model_dump(mode="json", include={"quarter", "uri", "sha256"}) for archive in chosen]
    run_key = digest_of([run.run_id, described, profile, engine])[:16]
    staging = f"s3://{buckets.datasets}/staging/{run_key}/"
    arguments = {
        "--archives": json.dumps(described, sort_keys=True),
        "--engine": engine,
        "--output": staging,
        "--profile": profile,
        "--stack": stack_name(),
    }
    return {"arguments": arguments, "staging": staging, "quarters": [archive["quarter"] for archive in described]}


def _chosen(landed: list[LandedArchive], profile: str, run: RunFacts) -> list[LandedArchive]:
    from vigil.aws.releases import list_releases
    from vigil.datasets.selection import quarter_ended_before, refuse_step_back, up_to

    chosen = up_to(landed, quarter_ended_before(run.as_of)) if run.as_of else landed
    if not run.is_backfill:
        released = [
            quarter for release in list_releases() if release.profile == profile for quarter in release.quarters
        ]
        refuse_step_back(chosen, released)
    return chosen


def _landing_area(bucket: str) -> list[str]:
    from vigil.aws.landing import LANDING
    from vigil.aws.objects import S3Uri, list_prefix

    area = S3Uri(bucket, f"{LANDING}/")
    return [str(area / name) for name in list_prefix(area)]


def check_quality(staging: str) -> dict[str, Any]:
    """Judge what is staged, keep the report beside it, log a table. Warnings are named in the log and stop nothing.

    Raises ``DatasetQualityError`` naming each failing rule.
    """
    from vigil.aws.dataset_release import check_staged
    from vigil.datasets.quality import QualityError

    try:
        report = check_staged(staging)
    except QualityError as error:
        if error.report is not None:
            _log_table(error.report)
        raise DatasetQualityError(str(error)) from error
    _log_table(report)
    return {"profile": report.profile, "staging": staging, "warnings": [result.rule for result in report.warnings]}


def _log_table(report: QualityReport) -> None:
    document = report.model_dump(mode="json")
    logger.info("quality profile %s\n%s", document["profile"], quality_table(document["results"]))
    for result in report.warnings:
        logger.warning("%s: %s is %s, wanted %s", result.rule, result.subject, result.measured, result.bound)


def quality_table(results: list[dict[str, Any]]) -> str:
    """One line for each rule, columns aligned: failing rules first, then warnings, then what was not judged."""
    header = ("", "rule", "measured", "wanted")
    order = ("FAILED", "warning", "not judged", "ok")
    marked = sorted(((_mark(result), result) for result in results), key=lambda pair: order.index(pair[0]))
    rows = [(mark, result["rule"], str(result["measured"]), result["bound"]) for mark, result in marked]
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [header, *rows]
    ]
    return "\n".join(lines)


def _mark(result: dict[str, Any]) -> str:
    if not result.get("judged", True):
        return "not judged"
    if result["passed"]:
        return "ok"
    return "warning" if result.get("severity") == "warning" else "FAILED"


def release_dataset(staging: str, quarters: list[str], run_id: str, person: str | None) -> dict[str, Any]:
    """Release the staged files and have it recorded in the ledger; what was released, as plain values.

    ``person``: who started the run; None for the schedule. Both may be repeated; the task fails where either does.
    """
    from vigil.aws.dataset_release import release
    from vigil.aws.environment import aws_client, load_parameters
    from vigil.aws.release_ledger import RecordReleaseEvent, ask_to_record

    released = release(staging)
    event = RecordReleaseEvent(
        version=released.version, released_by=f"airflow:{person or 'schedule'}", dag_run_id=run_id
    )
    ask_to_record(event, load_parameters().functions.record_release, aws_client("lambda"))
    news = "unchanged" if released.already_released else "new"
    logger.info("version %s at %s, %s", released.version, released.prefix, news)
    return {**released.model_dump(mode="json"), "quarters": quarters}
