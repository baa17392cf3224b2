"""``docs/drift_scenarios.md`` from the benchmark's results."""

from __future__ import annotations

from collections import Counter
from typing import Any

from scipy.stats import binomtest

CONFIDENCE = 0.95

#: The endpoint receives none of what these change, so no monitor of it can see them.
# Why, and who else looks at it (vigil/datasets/quality_profiles.yaml).
NOT_RECEIVED = {
    "report-codes": "the report's code is the sender's decision, not sent; `build_dataset` compares its shares with the last release, and warns",
    "role-dn": "drugs' roles are not sent; `build_dataset` refuses codes that FDA does not know, and DN is known",
    "route-synonyms": "routes are not sent, and not curated: nothing is made from them",
    "country-codes": "curation writes names as codes, as the cases are sent",
    "lag-backlog": "dates are not sent; `build_dataset` bounds dates of receipt, not of events",
}
NOTES = """\
*serious-rate* is another mixture of the same cases: the probabilities follow the labels, so the model stays as good, and only the bands' shares, and the share predicted serious of US reports, tell.
Batches of one product leave discrimination as it is in a window of which they are 8 %: model quality is for a model that has become wrong, not for other cases."""


def drift_page(results: dict[str, Any]) -> str:
    """The whole page. The same results give the same text."""
    sizes = ", ".join(f"{cases:,}" for cases in results["sizes"])
    shares = ", ".join(f"{share:.0%}".replace("%", " %") for share in results["shares"])
    each = results["windows_each"]
    return f"""# What the monitors see

Written by `python -m benchmarks.drift_scenarios --write` (fixed seeds, synthetic quarters, a model of the plan's fewest members and trees); do not edit it.
The limits are the plan's (`change_control/plan.yaml`, `monitoring`). Baseline: {results["baseline_cases"]:,} cases of the newest quarter, which training did not see.

## Without drift

{len(results["quiet"])} windows of {sizes} cases from quarters without drift, one quarter each.
The rate lies below the bound with {CONFIDENCE * 100:.0f} % confidence (Clopper and Pearson, one-sided): more windows than these would show a smaller one.

| monitor | windows judged | false alarms | rate | below | by |
|---|---|---|---|---|---|
{_quiet(results)}

## With drift

Each scenario happened in FAERS (`vigil/cases/synthetic/drift.py`). A window holds {sizes} cases; {shares} of them come from a quarter with the drift, the rest from
the same quarter without it, so that at 25 % a sender's batch of 8 % is one of 2 %. Each cell: the smallest window from which on the monitor found violations in at least
{_most(each)} of {each} windows (the seeds), at the size the drift had, at half of it, at a quarter. `–`: in fewer. In brackets: what was named most often at full size.
Bias and attribution take seconds for a window; they were asked of the largest, at full size, alone, and not of what is not received.

{_caught(results)}

{_sex_null(results)}
{NOTES}

## Not visible to a monitor of the endpoint

The endpoint is told what is known at intake: reactions, drugs, age, weight, sex; country, occupation and sender for monitoring alone. What other fields do is looked at where they are read.
Data quality and model quality were asked of the largest window of one quarter each all the same.

| scenario | why no monitor can see it | monitors that found something all the same |
|---|---|---|
{_hidden(results)}
"""


def _most(each: int) -> int:
    return each // 2 + 1


def _quiet(results: dict[str, Any]) -> str:
    rows = []
    for monitor in results["monitors"]:
        judged = [by for by in (entry["found"].get(monitor) for entry in results["quiet"]) if by is not None]
        named = Counter(name for by in judged for name in by)
        told = ", ".join(f"{name} ({count})" for name, count in sorted(named.items())) or "–"
        alarms = sum(1 for by in judged if by)
        rate, bound = (f"{share * 100:.1f} %" for share in (alarms / len(judged), upper_bound(alarms, len(judged))))
        rows.append(f"| {monitor} | {len(judged)} | {alarms} | {rate} | {bound} | {told} |")
    return "\n".join(rows)


def upper_bound(alarms: int, windows: int) -> float:
    """What the rate of false alarms lies below with ``CONFIDENCE``: exact, one-sided (Clopper and Pearson, 1934)."""
    return float(binomtest(alarms, windows, alternative="less").proportion_ci(CONFIDENCE, method="exact").high)


def _caught(results: dict[str, Any]) -> str:
    monitors = results["monitors"]
    lines = [f"| scenario | {' | '.join(monitors)} |", f"|---|{'---|' * len(monitors)}"]
    for name, scenario in sorted(results["scenarios"].items()):
        if name not in NOT_RECEIVED:
            cells = [_cell(scenario["cells"], monitor, results) for monitor in monitors]
            lines.append(f"| **{name}**: {scenario['about']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(cells: list[dict[str, Any]], monitor: str, results: dict[str, Any]) -> str:
    full = [cell for cell in cells if cell["share"] == max(results["shares"])]
    asked = {cell["share"] for cell in cells if all(monitor in by for by in cell["found"])}
    if not asked:
        return "not asked"
    firsts = [_first(cells, monitor, share, results) for share in results["shares"] if share in asked]
    if not any(firsts):
        return "–"
    named = Counter(name for cell in full for by in cell["found"] for name in by.get(monitor) or [])
    told = ", ".join(name for name, _ in sorted(named.items(), key=lambda item: (-item[1], item[0]))[:3])
    return " / ".join(f"{first:,}" if first else "–" for first in firsts) + (f" ({told})" if told else "")


def _first(cells: list[dict[str, Any]], monitor: str, share: float, results: dict[str, Any]) -> int | None:
    """The smallest window from which on, in all larger ones too, most windows of the seeds had a violation."""
    first = None
    for cell in sorted(cells, key=lambda cell: -cell["cases"]):
        if cell["share"] == share and monitor in cell["found"][0]:
            if _alarms(cell, monitor) < _most(results["windows_each"]):
                break
            first = int(cell["cases"])
    return first


def _alarms(cell: dict[str, Any], monitor: str) -> int:
    return sum(1 for by in cell["found"] if by.get(monitor))


def _alarmed(cells: list[dict[str, Any]], monitor: str) -> str:
    count = sum(_alarms(cell, monitor) for cell in cells)
    windows = sum(1 for cell in cells for by in cell["found"] if monitor in by)
    return f"{monitor} in {count} of {windows} windows" if count else ""


def _sex_null(results: dict[str, Any]) -> str:
    """How much more often the sex is missing, by the window's largest size, beside the limit it was judged by."""
    cells = [cell for cell in results["scenarios"]["sex-null"]["cells"] if cell["cases"] == max(results["sizes"])]
    without, limit = results["baseline_without_sex"], results["rules"]["data_quality"]["completeness_drop"]
    rises = "; ".join(
        f"at {cell['share'] * 100:.0f} % {', '.join(f'{(seen - without) * 100:+.1f}' for seen in cell['without_sex'])}"
        for cell in cells
    )
    full = next(cell for cell in cells if cell["share"] == max(results["shares"]))
    caught = f"{_alarms(full, 'data-quality')} of {len(full['found'])}"
    return (
        f"*sex-null*: the sex is missing in {without * 100:.1f} % of this baseline's cases. "
        f"In windows of {max(results['sizes']):,} cases it is missing in so many points more: {rises}. "
        f"The plan's limit is {limit * 100:.0f}, and chance must be ruled out besides: {caught} full ones were caught."
    )


def _hidden(results: dict[str, Any]) -> str:
    rows = []
    for name, why in NOT_RECEIVED.items():
        cells = results["scenarios"][name]["cells"]
        told = ", ".join(_alarmed(cells, monitor) for monitor in results["monitors"] if _alarmed(cells, monitor))
        rows.append(f"| **{name}**: {results['scenarios'][name]['about']} | {why} | {told or 'none'} |")
    return "\n".join(rows)
