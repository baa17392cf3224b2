from __future__ import annotations

from vigil.cases.schema import load_curated_table
from vigil.datasets.document import document
from vigil.datasets.quality import load_profiles


def test_the_page_about_the_data_is_up_to_date(repository):
    assert (repository / "docs/data.md").read_text(encoding="utf-8") == document(), "run `vigil datasets document`"


def test_it_names_every_column_every_rule_and_every_reason():
    text = document()
    assert all(f"| `{column.name}` |" in text for column in load_curated_table().columns)
    profiles = load_profiles()
    assert all(f"| {rule.name} |" in text for rule in profiles.rules)
    assert all(change.reason in text for profile in profiles.profiles.values() for change in profile.changes)
