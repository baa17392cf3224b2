"""``local_aws`` can be installed without Vigil: what it imports is what its own ``pyproject.toml`` asks for."""

from __future__ import annotations

import ast
import itertools
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "local_aws"
PROJECT = tomllib.loads((PACKAGE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
#: On the path of a Glue run only: AWS's own module, and Spark where the machine has it.
GIVEN_BY_THE_RUNTIME = {"awsglue", "pyspark"}
#: boto3, moto[server] and scikit-learn could not do without these.
COME_WITH_DECLARED_ONES = {
    "botocore",
    "joserfc",
    "numpy",
    "requests",
    "scipy",
    "threadpoolctl",
    "werkzeug",
    "xmltodict",
}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[=<>~ ;]", name)[0]).lower()


def imported() -> set[str]:
    """The top-level names that the package's own code imports, but for its own and the standard library's."""
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {"local_aws"} - GIVEN_BY_THE_RUNTIME


def test_what_is_imported_is_declared() -> None:
    wanted = [*PROJECT["dependencies"], *itertools.chain.from_iterable(PROJECT["optional-dependencies"].values())]
    declared = {canonical(name) for name in wanted} | COME_WITH_DECLARED_ONES
    known = packages_distributions()
    missing = {name for name in imported() if not {canonical(each) for each in known[name]} & declared}
    assert not missing


def test_exact_pins_are_those_of_the_project() -> None:
    wanted = (PACKAGE.parent / "requirements" / "dev.in").read_text(encoding="utf-8")
    pins = [name for name in PROJECT["dependencies"] if "==" in name]
    assert pins
    for pin in pins:
        assert re.search(rf"^{re.escape(pin)}\b", wanted, re.MULTILINE), f"{pin} is not in requirements/dev.in"
