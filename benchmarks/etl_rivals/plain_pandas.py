"""A quarter curated with pandas, table by table."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path

import pandas as pd

YEARS = {"DEC": 10.0, "YR": 1.0, "MON": 1 / 12, "WK": 7 / 365.25, "DY": 1 / 365.25, "HR": 1 / 8766}
KILOGRAMS = {"KG": 1.0, "LBS": 0.45359237, "GMS": 0.001}


def curate(archive: Path, target: Path) -> None:
    with zipfile.ZipFile(archive) as file:
        names = {Path(name).name[:4].upper(): name for name in file.namelist() if name.lower().endswith(".txt")}

        def read(table: str, columns: list[str]) -> pd.DataFrame:
            with file.open(names[table]) as stream:
                return pd.read_csv(
                    stream, sep="$", dtype=str, keep_default_na=False, quoting=csv.QUOTE_NONE, encoding="latin-1",
                    usecols=columns,
                )  # fmt: skip

        with file.open(names["DELE"]) as stream:
            deleted = {int(line) for line in stream.read().split()}
        demo = read("DEMO", [
            "primaryid", "caseid", "caseversion", "i_f_code", "event_dt", "init_fda_dt", "fda_dt", "rept_cod", "auth_num",
            "mfr_sndr", "lit_ref", "age", "age_cod", "sex", "wt", "wt_cod", "occp_cod", "reporter_country", "occr_country",
        ])  # fmt: skip
        drug = read("DRUG", ["primaryid", "role_cod", "drugname"])
        reac = read("REAC", ["primaryid", "pt"])
        outc = read("OUTC", ["primaryid", "outc_cod"])
        indi = read("INDI", ["primaryid", "indi_pt"])
    demo["primary_id"], demo["case_id"] = demo.primaryid.astype("int64"), demo.caseid.astype("int64")
    demo = demo.sort_values(["fda_dt", "primary_id"], ascending=False).drop_duplicates("case_id")
    demo = demo[~demo.case_id.isin(deleted)].set_index("primaryid")
    for column in ("fda_dt", "init_fda_dt", "event_dt"):
        demo[column] = pd.to_datetime(demo[column], format="%Y%m%d", errors="coerce").dt.strftime("%Y-%m-%d")
    demo["age_years"] = pd.to_numeric(demo.age, errors="coerce") * demo.age_cod.map(YEARS)
    demo.loc[~demo.age_years.between(0, 150), "age_years"] = None
    demo["weight_kg"] = pd.to_numeric(demo.wt, errors="coerce") * demo.wt_cod.map(KILOGRAMS)
    for column in ("sex", "rept_cod", "occp_cod", "i_f_code", "reporter_country", "occr_country"):
        demo[column] = demo[column].str.strip().str.upper().replace("", None)
    for column in ("mfr_sndr", "lit_ref", "auth_num"):
        demo[column] = _clean(demo[column]).replace("", None)
    demo["reactions"] = _terms(reac, "pt")
    demo["drugs"] = _terms(drug, "drugname")
    demo["suspect_drugs"] = _terms(drug[drug.role_cod.isin(["PS", "SS"])], "drugname")
    demo["indications"] = _terms(indi, "indi_pt")
    demo["outcomes"] = _terms(outc, "outc_cod")
    demo["serious"] = demo.outcomes.notna()
    demo.sort_values("case_id").reset_index(drop=True).to_parquet(target, compression="zstd")


def _clean(texts: pd.Series) -> pd.Series:
    return texts.str.replace(r"\s+", " ", regex=True).str.strip()


def _terms(table: pd.DataFrame, column: str) -> pd.Series:
    terms = pd.DataFrame({"primaryid": table.primaryid, "term": _clean(table[column]).str.lower()})
    terms = terms[terms.term != ""].drop_duplicates().sort_values(["primaryid", "term"])
    return terms.groupby("primaryid").term.agg(list)
