"""What the tasks import while they run is installed where they run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

# Of the MWAA 3.3.1 image's constraints: what Airflow itself and the Amazon provider bring.
IMAGE = {
    "annotated-types", "attrs", "boto3", "botocore", "cryptography", "dateutil", "jmespath", "packaging",
    "python-dateutil", "pytz", "rich", "s3transfer", "six", "typing-extensions", "typing-inspection", "urllib3",
    "pydantic-core", "markdown-it-py", "mdurl", "pygments", "jinja2", "markupsafe",
}  # fmt: skip
# What the libraries that are named bring with them.
BROUGHT = {"atpublic", "parsy", "sqlglot", "sqlglotc", "toolz", "tzdata", "cloudpickle", "mypy-extensions", "packaging"}
BROUGHT |= {"contourpy", "cycler", "fonttools", "kiwisolver", "pillow", "pyparsing"}  # matplotlib's
MODULES = [
    "vigil.approvals.desk",
    "vigil.approvals.dossier",
    "vigil.approvals.errors",
    "vigil.approvals.models",
    "vigil.approvals.plots",
    "vigil.approvals.public_request",
    "vigil.approvals.redaction",
    "vigil.approvals.signer_map",
    "vigil.approvals.words",
    "vigil.audit.models",
    "vigil.aws.dataset_release",
    "vigil.aws.desk_client",
    "vigil.aws.environment",
    "vigil.aws.execution_view",
    "vigil.aws.history",
    "vigil.aws.landing",
    "vigil.aws.models_view",
    "vigil.aws.monitor_orders",
    "vigil.aws.monitoring_places",
    "vigil.aws.monitoring_table",
    "vigil.aws.monitoring_view",
    "vigil.aws.release_ledger",
    "vigil.aws.releases",
    "vigil.aws.weekly_reports",
    "vigil.datasets.quality",
    "vigil.datasets.report.page",
    "vigil.datasets.selection",
    "vigil.models.models",
    "vigil.models.shown_versions",
    "vigil.models.versions",
    "vigil.monitoring.models",
    "vigil.monitoring.plots",
    "vigil.monitoring.retraining",
    "vigil.monitoring.shown",
    "vigil.monitoring.svg",
    "vigil.monitoring.verdicts",
    "vigil.monitoring.window_files",
]
PROGRAM = """
import importlib, importlib.metadata, json, sys
before = set(sys.modules)
for name in sys.argv[1:]:
    importlib.import_module(name)
owners = importlib.metadata.packages_distributions()
tops = {name.partition(".")[0] for name in set(sys.modules) - before}
print(json.dumps(sorted({owners[top][0].lower().replace("_", "-") for top in tops if top in owners})))
"""


def named(path: Path) -> set[str]:
    lines = [line.partition("#")[0].strip() for line in path.read_text().splitlines()]
    return {line.replace("=", " ").replace(">", " ").split()[0].partition("[")[0].lower() for line in lines if line}


def test_the_tasks_import_only_what_mwaa_has(repository: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, *MODULES],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    imported = set(json.loads(result.stdout)) - {"vigil"}
    assert imported <= named(repository / "requirements" / "mwaa.in") | IMAGE | BROUGHT


def test_every_library_module_that_the_tasks_import_is_looked_at(repository: Path) -> None:
    import re

    text = "".join(path.read_text() for folder in ("dags", "plugins") for path in (repository / folder).rglob("*.py"))
    used = set(re.findall(r"from (vigil\.[\w.]+) import", text))
    light = {
        "vigil.approvals",
        "vigil.aws.objects",
        "vigil.cases.archive",
        "vigil.digests",
        "vigil.datasets.models",
    }  # imported by the others
    assert used <= {*MODULES, *light}


def test_sagemaker_is_kept_out_of_mwaa(repository: Path) -> None:
    assert "sagemaker" not in named(repository / "requirements" / "mwaa.in")
