"""A curated quarter's name must change with all of the code that could change its rows."""

from __future__ import annotations

import ast
from importlib import metadata
from pathlib import Path

import pytest
import yaml

from vigil.datasets import revision


def imports_of(path: Path) -> set[str]:
    """The modules of Vigil that a file imports, inside functions too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("vigil"):
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def module_path(repository: Path, module: str) -> Path | None:
    path = repository / (module.replace(".", "/") + ".py")
    return path if path.is_file() else None


def test_everything_between_an_archive_and_its_rows_is_counted_in(repository):
    waiting, reached = ["vigil.datasets.quarters", "vigil.cases.spark_engine"], set()
    while waiting:
        module = waiting.pop()
        path = module_path(repository, module)
        if path is None or module in reached:
            continue
        reached.add(module)
        waiting.extend(imports_of(path))
    sources = {
        f"{package}.{name.removesuffix('.py')}"
        for package, names in revision.SOURCES.items()
        for name in names
        if name.endswith(".py")
    }
    assert reached == sources


def test_data_files_of_the_curation_are_counted_in(repository):
    data = {path.name for path in (repository / "vigil/cases").glob("*.yaml")}
    assert data <= set(revision.SOURCES["vigil.cases"])


def test_another_version_of_a_library_is_another_revision(monkeypatch):
    before = revision.curation_revision()
    installed = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "0" if name == "pyarrow" else installed(name))
    revision.curation_revision.cache_clear()
    try:
        assert revision.curation_revision() != before
    finally:
        revision.curation_revision.cache_clear()


@pytest.mark.parametrize("library", revision.LIBRARIES)
def test_the_libraries_are_those_that_are_installed(library):
    assert metadata.version(library)


def test_dvc_runs_the_curation_again_when_any_of_it_changes(repository):
    stages = yaml.safe_load((repository / "dvc.yaml").read_text())["stages"]
    deps = set(stages["curate"]["deps"])
    for package, names in revision.SOURCES.items():
        folder = package.replace(".", "/")
        assert folder in deps or {f"{folder}/{name}" for name in names} <= deps, package
    assert "requirements/dev.txt" in deps, "the libraries' versions"
