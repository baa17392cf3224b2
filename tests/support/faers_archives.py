"""Small FAERS archives of invented reports, written as FDA writes them."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vigil.cases.layout import load_layouts
from vigil.cases.quarter import Quarter

TABLES = load_layouts().vintages[-1].tables


def line(table: str, **values: object) -> str:
    """One line of ``table``; fields not named are blank."""
    unknown = set(values) - set(TABLES[table].columns)
    assert not unknown, f"{table} has no {unknown}"
    return "$".join(str(values.get(column, "")) for column in TABLES[table].columns)


def header(table: str) -> str:
    return "$".join(TABLES[table].columns)


@dataclass
class Archive:
    """The lines of one quarter, to be filled and then written as a zip or a folder."""

    quarter: str = "2023Q1"
    lines: dict[str, list[str]] = field(default_factory=lambda: {table: [] for table in TABLES})
    deleted: list[object] = field(default_factory=list)

    def report(
        self,
        case: int,
        version: int = 1,
        *,
        reactions: Sequence[str] = ("Nausea",),
        drugs: Sequence[tuple[str, str]] = (("PS", "ASPIRIN"),),
        outcomes: Sequence[str] = (),
        indications: Sequence[str] = (),
        **demo: object,
    ) -> Archive:
        """Add one report with its child rows; ``drugs`` are pairs of role and name."""
        keys = {"primaryid": f"{case}{version}", "caseid": case}
        received = Quarter.parse(self.quarter).first_day.strftime("%Y%m%d")
        fields = {"caseversion": version, "i_f_code": "I", "fda_dt": received, "init_fda_dt": received, **demo}
        self.lines["DEMO"].append(line("DEMO", **{**keys, **fields}))
        for number, (role, name) in enumerate(drugs, 1):
            self.lines["DRUG"].append(line("DRUG", **keys, drug_seq=number, role_cod=role, drugname=name))
        self.lines["REAC"] += [line("REAC", **keys, pt=term) for term in reactions]
        self.lines["OUTC"] += [line("OUTC", **keys, outc_cod=code) for code in outcomes]
        self.lines["INDI"] += [line("INDI", **keys, indi_drug_seq=1, indi_pt=term) for term in indications]
        return self

    def files(self) -> dict[str, bytes]:
        """Names in the archive and their bytes."""
        short = Quarter.parse(self.quarter).short
        found = {
            f"ASCII/{table}{short}.txt": "\n".join([header(table), *rows, ""]).encode()
            for table, rows in self.lines.items()
        }
        found[f"Deleted/DELETE{short}.txt"] = "\n".join([" ", *map(str, self.deleted), ""]).encode()
        return found

    def write(self, folder: Path, name: str | None = None, changes: Mapping[str, bytes | None] | None = None) -> Path:
        """Write a zip; ``changes`` replaces, adds or (None) removes files."""
        quarter = Quarter.parse(self.quarter)
        path = folder / (name or f"faers_ascii_{quarter.year}q{quarter.number}.zip")
        return write_zip(path, {**self.files(), **(changes or {})})


def write_zip(path: Path, files: Mapping[str, bytes | None]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            if content is not None:
                archive.writestr(name, content)
    return path


def write_folder(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder
