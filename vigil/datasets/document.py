"""``docs/data.md``: the curated table and the quality rules, from the files that the pipeline itself reads."""

from __future__ import annotations

from collections.abc import Iterator

from vigil.cases.layout import load_layouts
from vigil.cases.schema import load_curated_table
from vigil.datasets.profiling import FEWEST_CASES, SHOWN_VALUES
from vigil.datasets.quality import QualityRule, load_profiles, profile_named

COMMAND = "vigil datasets document"

PROFILING = f"""\
## Profiling

`profile.json` has, for each column with a distribution, its missing share and the share of each value or bin. Age is in
bins of five years, weight of ten kilograms; of codes and terms there are the {SHOWN_VALUES} commonest values. Values of
fewer than {FEWEST_CASES} cases are counted together: a profile is about many people, never about one.
`vigil datasets show` draws it, `vigil datasets diff` compares two."""

FILES = (
    ("cases/split=<split>/cases.parquet", "the rows, one file for each split, in order of quarter and case id"),
    ("dataset.json", "what it was made of: quarters, archives with digests and counts, split, quality profile"),
    ("measurements.json", "what the quality rules judge"),
    ("profile.json", "distributions and missing shares, by column and by quarter"),
    ("quality.json", "each rule that depends on the data alone, its bound and what was measured"),
    ("rejects.jsonl", "each line that is not a row: archive, table, file, line, reason; never its text"),
    ("manifest.json", "path, size and SHA-256 of the files above; its digest is the version"),
)


def document() -> str:
    """The page's text, in Markdown. The same sources give the same text."""
    return "\n".join([*_head(), *_columns(), *_vintages(), *_files(), *_rules(), *_profiling(), ""])


def _head() -> Iterator[str]:
    table = load_curated_table()
    yield from (
        "# The data",
        "",
        f"<!-- Written by `{COMMAND}` from curated_table.yaml, layouts.yaml and quality_profiles.yaml: edit those. -->",
        "",
        f"Table `{table.name}`, schema version {table.schema_version}, owner `{table.owner}`. {table.about}",
        f"Source: {table.source}. It stands in the Glue Data Catalog, database `vigil_<stack>`, with the same",
        "descriptions.",
        "",
    )


def _columns() -> Iterator[str]:
    table = load_curated_table()
    yield from ("## Columns", "", "| column | type | unit | required | from | meaning |", "|---|---|---|---|---|---|")
    for column in table.columns:
        required = "yes" if column.required else ""
        cells = (f"`{column.name}`", column.type, column.unit or "", required, column.source, column.about)
        yield f"| {' | '.join(cells)} |"
    yield from ("", "Partitions, in the folders' names:", "")
    for partition in table.partitions:
        yield f"- `{partition.name}` ({partition.type}): {partition.about}"
    yield ""


def _vintages() -> Iterator[str]:
    yield from ("## Quarters that are read", "", "| layout | quarters | tables |", "|---|---|---|")
    for vintage in load_layouts().vintages:
        yield f"| {vintage.name} | {vintage.span} | {', '.join(vintage.tables)} |"
    yield ""


def _files() -> Iterator[str]:
    yield from ("## Files of a dataset version", "", "| file | what it holds |", "|---|---|")
    for name, about in FILES:
        yield f"| `{name}` | {about} |"
    yield ""


def _rules() -> Iterator[str]:
    profiles = load_profiles().profiles
    yield from ("## Quality rules", "", "What each profile is for:", "")
    for name, profile in profiles.items():
        yield f"- `{name}`: {profile.about}"
    yield from (
        "",
        f"| rule | what is measured | {' | '.join(profiles)} | why |",
        f"|---|---|{'---|' * len(profiles)}---|",
    )
    by_profile = {name: {rule.name: rule for rule in profile_named(name)} for name in profiles}
    for rule in load_profiles().rules:
        bounds = (_bound(rules[rule.name], rule) for rules in by_profile.values())
        yield f"| {rule.name} | {_escaped(rule.subject)} | {' | '.join(bounds)} | {_escaped(rule.reason)} |"
    yield from ("", "Where a profile has a bound of its own, its reason:", "")
    for name, profile in profiles.items():
        for change in profile.changes:
            yield f"- `{name}`, {change.name}: {_escaped(change.reason)}"
    yield ""


def _bound(rule: QualityRule, common: QualityRule) -> str:
    return rule.bound if rule.bound == common.bound else f"**{rule.bound}**"


def _profiling() -> Iterator[str]:
    yield PROFILING


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
