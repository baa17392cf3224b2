"""Small FAERS archives of invented reports, written as FDA writes them in the quarter's vintage."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vigil.cases.layout import Vintage, load_layouts
from vigil.cases.quarter import Quarter

TABLES = load_layouts().current.tables
# As real headers of a vintage say it, where that is not the current layout's name.
SPELLED = {
    "legacy AERS": {
        "primaryid": "ISR", "caseid": "CASE", "i_f_code": "I_F_COD", "sex": "GNDR_COD", "dsg_drug_seq": "DRUG_SEQ",
        "indi_drug_seq": "DRUG_SEQ",
    },
    "early FAERS": {"sex": "gndr_cod", "lot_num": "lot_nbr", "outc_cod": "outc_code", "rept_dt": " rept_dt"},
}  # fmt: skip


def line(table: str, **values: object) -> str:
    """One line of ``table`` in the current layout; fields not named are blank."""
    unknown = set(values) - set(TABLES[table].columns)
    assert not unknown, f"{table} has no {unknown}"
    return "$".join(str(values.get(column, "")) for column in TABLES[table].columns)


def header(table: str) -> str:
    return "$".join(TABLES[table].columns)


def vintage_header(vintage: Vintage, table: str, with_optional: bool = True) -> str:
    layout, spelled = vintage.tables[table], SPELLED.get(vintage.name, {})
    columns = [column for column in layout.columns if with_optional or column not in layout.optional]
    names = [spelled.get(column, column) for column in columns]
    return "$".join(name.upper() if vintage.trailing_blank else name for name in names)


def vintage_line(vintage: Vintage, table: str, current: str, with_optional: bool = True) -> str:
    """A line of the current layout as ``vintage`` has it: without the columns it lacks, blank in those it has alone.

    A line that is not of the current layout stays as it stands.
    """
    fields = current.split("$")
    if len(fields) != len(TABLES[table].columns):
        return current
    values, layout = dict(zip(TABLES[table].columns, fields, strict=True)), vintage.tables[table]
    columns = [column for column in layout.columns if with_optional or column not in layout.optional]
    text = "$".join(values.get(column, "") for column in columns)
    return f"{text}$" if vintage.trailing_blank else text


@dataclass
class Archive:
    """The lines of one quarter, in the current layout, to be filled and then written as a zip or a folder."""

    quarter: str = "2023Q1"
    lines: dict[str, list[str]] = field(default_factory=lambda: {table: [] for table in TABLES})
    deleted: list[object] = field(default_factory=list)

    @property
    def vintage(self) -> Vintage:
        vintage = load_layouts().of(Quarter.parse(self.quarter))
        assert vintage is not None
        return vintage

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
        short, vintage = Quarter.parse(self.quarter).short, self.vintage
        found = {}
        for table, rows in self.lines.items():
            written = (vintage_line(vintage, table, row) for row in rows)
            found[f"ASCII/{table}{short}.txt"] = "\n".join([vintage_header(vintage, table), *written, ""]).encode()
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
