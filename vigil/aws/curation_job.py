"""The Glue job's work: each landed archive curated once, the quarters put together, results back to S3."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from vigil.aws.curated_quarters import bring_quarter
from vigil.aws.landing import LandedArchive
from vigil.aws.objects import S3Uri, files_below, put_file
from vigil.cases.engine import DuckDbEngine, EngineMaker
from vigil.datasets.build import assemble_quarters
from vigil.datasets.models import PROVENANCE_FILE, Measurements
from vigil.datasets.quality import profile_named
from vigil.datasets.split_settings import SplitSettings


def parse_archives(text: str) -> list[LandedArchive]:
    """Read the job's argument ``--archives``: a JSON list of ``{quarter, uri, sha256}``."""
    return TypeAdapter(list[LandedArchive]).validate_json(text)


def run(
    archives: Sequence[LandedArchive],
    output: str,
    profile: str,
    engine: EngineMaker = DuckDbEngine,
    progress: Callable[[str], None] = print,
    s3: Any = None,
) -> Measurements:
    """Build a dataset of ``archives`` and put it below the prefix ``output``; ``provenance.json`` goes last.

    So a prefix without it is the rest of a failed run. A rerun overwrites. Archives curated before are not read again.
    Raises what ``bring_quarter`` and ``assemble_quarters`` raise; nothing is put below ``output`` then.
    """
    target = S3Uri.parse(output)
    profile_named(profile)
    with tempfile.TemporaryDirectory(prefix="vigil-curate-") as temporary:
        work = Path(temporary)
        folders = [work / "quarters" / archive.quarter for archive in archives]
        for archive, folder in zip(archives, folders, strict=True):
            bring_quarter(archive, target.bucket, folder, engine, progress, s3)
        measurements = assemble_quarters(folders, work / "output", profile, SplitSettings(), engine.name)
        files = sorted(files_below(work / "output"), key=lambda item: item[0] == PROVENANCE_FILE)
        for name, path in files:
            put_file(path, target / name, s3)
    return measurements
