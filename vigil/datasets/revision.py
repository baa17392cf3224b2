"""The revision of the code that curates a quarter: what a curated quarter's name must hold beside its archive.

A curated quarter is made once and used again. Were it named by its archive alone, rows of older code would be mixed
with rows of newer code, and nobody could make the dataset again.
"""

from __future__ import annotations

from functools import cache
from importlib import metadata, resources

from vigil.digests import digest_of, sha256_hex

# All that takes part between an archive and its curated rows; a test follows the imports of `vigil.datasets.quarters`.
SOURCES = {
    "vigil": ("digests.py",),
    "vigil.cases": (
        *("archive.py", "countries.py", "countries.yaml", "curate.py", "curated_table.yaml", "curation.py"),
        *("engine.py", "header.py", "layout.py", "layouts.yaml", "lines.py", "parquet.py", "parse.py", "quarter.py"),
        *("repeats.py", "schema.py", "spark_engine.py", "stage.py", "staged_counts.py"),
    ),
    "vigil.datasets": ("measure_staged.py", "quarter_record.py", "quarters.py", "records.py", "revision.py"),
}
# A Parquet file carries its writer's version, and the engine decides how text becomes numbers.
LIBRARIES = ("duckdb", "ibis-framework", "pyarrow")
SHORT_LENGTH = 12


@cache
def curation_revision() -> str:
    """SHA-256 (hex, shortened) over the sources' contents and the libraries' versions."""
    files = [
        [package, name, sha256_hex(resources.files(package).joinpath(name).read_bytes())]
        for package, names in SOURCES.items()
        for name in names
    ]
    libraries = [[library, metadata.version(library)] for library in LIBRARIES]
    return digest_of([files, libraries])[:SHORT_LENGTH]
