"""The report's page: one self-contained HTML file, without scripts and without a request to anywhere."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from vigil.cases.staged_counts import REJECTS_FILE
from vigil.datasets.drift import ColumnDrift, compare
from vigil.datasets.models import PROFILE_FILE, PROVENANCE_FILE, DatasetProfile, Provenance
from vigil.datasets.quality import QualityReport
from vigil.datasets.report import plots

REPORT_FILE = "quality.html"
TEMPLATE = "quality.html.j2"
# What people look at first.
COLUMNS = (
    *("serious", "age_years", "sex", "reporter_country", "reporter_occupation", "report_code", "sender"),
    *("reactions", "drugs", "reactions.count", "drugs.count", "weight_kg", "outcomes", "indications"),
)
NUMBERS = re.compile(r"\d+")


@dataclass(frozen=True)
class Plot:
    """One figure: its SVG, what it shows in words, and how far the last release is."""

    title: str
    svg: str
    about: str
    drift: ColumnDrift | None = None


def write_report(folder: Path, report: QualityReport, last: DatasetProfile | None = None) -> Path:
    """Write ``quality.html`` into ``folder``, which holds a dataset's staged files; returns its path.

    ``last`` is the profile of the release that ``report`` compares with. The same files give the same bytes.
    """
    path = folder / REPORT_FILE
    path.write_text(render(folder, report, last), encoding="utf-8")
    return path


def render(folder: Path, report: QualityReport, last: DatasetProfile | None = None) -> str:
    profile = DatasetProfile.model_validate_json((folder / PROFILE_FILE).read_bytes())
    provenance = Provenance.model_validate_json((folder / PROVENANCE_FILE).read_bytes())
    rejects = reject_counts(folder / REJECTS_FILE)
    order = {"error": 0, "warning": 1}
    results = sorted(report.results, key=lambda result: (result.passed or not result.judged, order[result.severity]))
    return _template().render(
        report=report,
        results=results,
        provenance=provenance,
        profile=profile,
        overview=list(_overview(profile, rejects)),
        plots=list(_distributions(profile, last)),
        compared=report.compared_with,
    )


def reject_counts(path: Path) -> list[tuple[str, int]]:
    """Rejected lines by table and reason, most first; numbers in a reason are left out, so that like ones meet."""
    found: Counter[str] = Counter()
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            reject = json.loads(line)
            found[f"{reject['table']}: {NUMBERS.sub('N', reject['reason'])}"] += 1
    return found.most_common()


def _overview(profile: DatasetProfile, rejects: list[tuple[str, int]]) -> Iterator[Plot]:
    quarters = ", ".join(
        f"{name} {figures.rows:,} cases, {figures.serious_rate:.0%} serious"
        for name, figures in sorted(profile.quarters.items())
    )
    yield Plot("Cases and serious cases by quarter", plots.by_quarter(profile.quarters), quarters)
    yield Plot(
        "Missing values by quarter",
        plots.missing_by_quarter(profile),
        "share of cases without a value, for each column and quarter; the numbers stand in the cells",
    )
    if rejects:
        total = sum(count for _, count in rejects)
        yield Plot("Rejected lines by reason", plots.counts(rejects[:15]), f"{total:,} lines are not rows")


def _distributions(profile: DatasetProfile, last: DatasetProfile | None) -> Iterator[Plot]:
    drifts = compare(last, profile) if last else {}
    for name in COLUMNS:
        found = profile.columns[name]
        if not found.shares:
            continue
        commonest = sorted(found.shares, key=lambda pair: -pair[1])[:3]
        top = ", ".join(f"{value} {share:.1%}" for value, share in commonest)
        about = f"missing {found.missing:.1%}; most often: {top}"
        svg = plots.distribution(found, last.columns.get(name) if last else None)
        yield Plot(name.replace("_", " ").replace(".", ": "), svg, about, drifts.get(name))


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("vigil.datasets.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template(TEMPLATE)
