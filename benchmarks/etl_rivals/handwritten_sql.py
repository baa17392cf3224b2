"""A quarter curated with DuckDB's SQL by hand, read straight from the unpacked text."""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

import duckdb

SQL = r"""
CREATE MACRO clean(t) AS nullif(trim(regexp_replace(t, '\s+', ' ', 'g')), '');
CREATE MACRO day(t) AS CASE WHEN regexp_matches(t, '^[12][0-9]{7}$')
  THEN CAST(TRY_CAST(t[1:4] || '-' || t[5:6] || '-' || t[7:8] AS DATE) AS VARCHAR) END;
CREATE TEMP TABLE newest AS
  SELECT * FROM demo WHERE CAST(caseid AS BIGINT) NOT IN (SELECT case_id FROM deleted)
  QUALIFY row_number() OVER (PARTITION BY caseid ORDER BY fda_dt DESC, CAST(primaryid AS BIGINT) DESC) = 1;
CREATE TEMP TABLE terms AS
  SELECT primaryid, list_sort(list(term)) AS reactions
  FROM (SELECT DISTINCT primaryid, lower(clean(pt)) AS term FROM reac WHERE clean(pt) IS NOT NULL) GROUP BY primaryid;
CREATE TEMP TABLE products AS
  SELECT primaryid, list_sort(list(term)) AS drugs, list_sort(list(term) FILTER (suspect)) AS suspect_drugs
  FROM (SELECT primaryid, lower(clean(drugname)) AS term, bool_or(role_cod IN ('PS', 'SS')) AS suspect
        FROM drug WHERE clean(drugname) IS NOT NULL GROUP BY ALL) GROUP BY primaryid;
CREATE TEMP TABLE reasons AS
  SELECT primaryid, list_sort(list(term)) AS indications
  FROM (SELECT DISTINCT primaryid, lower(clean(indi_pt)) AS term FROM indi WHERE clean(indi_pt) IS NOT NULL) GROUP BY primaryid;
CREATE TEMP TABLE results AS
  SELECT primaryid, list_sort(list(DISTINCT upper(clean(outc_cod)))) AS outcomes FROM outc GROUP BY primaryid;
COPY (
  SELECT CAST(caseid AS BIGINT) AS case_id, CAST(primaryid AS BIGINT) AS primary_id, TRY_CAST(caseversion AS INT) AS case_version,
    day(fda_dt) AS received_date, day(init_fda_dt) AS initial_received_date,
    CASE WHEN day(event_dt) BETWEEN '1900-01-01' AND day(fda_dt) THEN day(event_dt) END AS event_date,
    CASE WHEN a BETWEEN 0 AND 150 THEN a END AS age_years, CASE WHEN w > 0 AND w <= 700 THEN w END AS weight_kg,
    CASE WHEN upper(clean(sex)) IN ('F', 'M') THEN upper(clean(sex)) END AS sex,
    upper(clean(reporter_country)) AS reporter_country, upper(clean(occr_country)) AS occurrence_country,
    upper(clean(occp_cod)) AS reporter_occupation, upper(clean(rept_cod)) AS report_code, upper(clean(i_f_code)) AS initial_or_followup,
    clean(mfr_sndr) AS sender, clean(lit_ref) AS literature_reference, clean(auth_num) AS authority_number,
    coalesce(reactions, []) AS reactions, coalesce(drugs, []) AS drugs, coalesce(suspect_drugs, []) AS suspect_drugs,
    coalesce(indications, []) AS indications, coalesce(outcomes, []) AS outcomes, outcomes IS NOT NULL AS serious
  FROM (SELECT *,
      TRY_CAST(age AS DOUBLE) * CASE age_cod WHEN 'DEC' THEN 10 WHEN 'YR' THEN 1 WHEN 'MON' THEN 1/12 WHEN 'WK' THEN 7/365.25
        WHEN 'DY' THEN 1/365.25 WHEN 'HR' THEN 1/8766 END AS a,
      TRY_CAST(wt AS DOUBLE) * CASE wt_cod WHEN 'KG' THEN 1 WHEN 'LBS' THEN 0.45359237 WHEN 'GMS' THEN 0.001 END AS w FROM newest)
    LEFT JOIN terms USING (primaryid) LEFT JOIN products USING (primaryid)
    LEFT JOIN reasons USING (primaryid) LEFT JOIN results USING (primaryid)
  ORDER BY case_id
) TO '{target}' (FORMAT parquet, COMPRESSION zstd)
"""


def curate(archive: Path, target: Path) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        with zipfile.ZipFile(archive) as file:
            file.extractall(temporary)
        connection = duckdb.connect()
        connection.execute("SET threads = 2; SET memory_limit = '1500MB'; SET preserve_insertion_order = false")
        connection.execute(f"SET temp_directory = '{temporary}/spill'")
        for table in ("demo", "drug", "reac", "outc", "indi"):
            (path,) = Path(temporary).glob(f"ASCII/{table.upper()}*.txt")
            connection.execute(
                f"CREATE VIEW {table} AS SELECT * FROM read_csv('{path}', delim='$', header=true, quote='', escape='', "
                "all_varchar=true)"
            )
        (path,) = Path(temporary).glob("Deleted/*.txt")
        connection.execute(
            f"CREATE TEMP TABLE deleted AS SELECT TRY_CAST(column0 AS BIGINT) AS case_id FROM read_csv('{path}', header=false, "
            "all_varchar=true, columns={'column0': 'VARCHAR'}, delim='$') WHERE TRY_CAST(column0 AS BIGINT) IS NOT NULL"
        )
        connection.execute(SQL.replace("{target}", str(target)))
