"""The report: everything a person needs on one page, and nothing that could harm one."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from vigil.datasets.models import MEASUREMENTS_FILE, PROFILE_FILE, DatasetProfile, Measurements
from vigil.datasets.quality import QualityReport, judge_release
from vigil.datasets.report.page import COLUMNS, REPORT_FILE, reject_counts, render, write_report


@pytest.fixture
def folder(staging: Path, tmp_path: Path) -> Path:
    """Staged files with some rejects."""
    shutil.copytree(staging, tmp_path, dirs_exist_ok=True)
    rejects = [{"table": "DRUG", "reason": f"{n} fields where the layout has 20"} for n in (21, 39, 40)]
    rejects.append({"table": "DEMO", "reason": "primaryid repeats line 7"})
    (tmp_path / "rejects.jsonl").write_text("".join(json.dumps(reject) + "\n" for reject in rejects))
    return tmp_path


@pytest.fixture
def profile(folder: Path) -> DatasetProfile:
    return DatasetProfile.model_validate_json((folder / PROFILE_FILE).read_bytes())


def judged(folder: Path, profile: DatasetProfile, **metrics: float) -> QualityReport:
    measured = Measurements.model_validate_json((folder / MEASUREMENTS_FILE).read_bytes())
    changed = measured.model_copy(update={"metrics": {**measured.metrics, **metrics}})
    return judge_release(changed, "synthetic", profile, profile, "ab" * 32)


def test_it_has_every_rule_every_plot_and_every_archive(folder, profile):
    text = render(folder, judged(folder, profile), profile)
    report = judged(folder, profile)
    assert all(f"<td>{result.rule}</td>".replace("'", "&#39;") in text for result in report.results)
    assert text.count("<figure") == 3 + len(COLUMNS)
    assert text.count("<svg") == text.count("<figure")
    assert "faers_ascii_2024q1_synthetic.zip" in text and "abababababab" in text
    assert "May be released" in text


def test_what_failed_and_what_warned_comes_first_and_is_named(folder, profile):
    report = judged(folder, profile, **{"serious_rate.all": 0.01, "newest.missing.sex": 0.4})
    text = render(folder, report, profile)
    verdict = text[text.index('id="verdict"') : text.index("<h2>Quarters")]
    assert "Not released" in verdict and "serious cases" in verdict and "sex newly missing" in verdict
    table = text[text.index("<tbody>") :]
    assert table.index("serious cases") < table.index("sex newly missing") < table.index("rejected lines")


def test_a_first_release_says_that_nothing_was_compared(folder, profile):
    measured = Measurements.model_validate_json((folder / MEASUREMENTS_FILE).read_bytes())
    text = render(folder, judge_release(measured, "synthetic", profile))
    assert "No earlier release to compare with" in text and "not judged" in text
    assert "distance to the last release" not in text


def test_rejects_are_counted_by_reason_and_never_quoted(folder):
    assert reject_counts(folder / "rejects.jsonl") == [
        ("DRUG: N fields where the layout has N", 3),
        ("DEMO: primaryid repeats line N", 1),
    ]


def test_hostile_text_stays_text(folder, profile):
    hostile = "<script>alert(1)</script>"
    columns = {
        **profile.columns,
        "sender": profile.columns["sender"].model_copy(update={"shares": ((hostile, 0.5), ("$x^2$", 0.5))}),
    }
    changed = profile.model_copy(update={"columns": columns})
    (folder / PROFILE_FILE).write_text(changed.model_dump_json())
    text = render(folder, judged(folder, changed), changed)
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_it_asks_nobody_for_anything(folder, profile):
    """No script, no style sheet, font or picture from elsewhere: the only addresses are names of XML vocabularies."""
    text = render(folder, judged(folder, profile), profile)
    vocabularies = re.sub(r"xmlns(:\w+)?=\"[^\"]*\"|rdf:resource=\"[^\"]*\"", "", text)
    assert not re.findall(r"https?://", vocabularies)
    assert not re.findall(r"<(script|link|iframe|img|object|base|form)\b", text)
    assert "@import" not in text


def test_the_same_figures_give_the_same_bytes(folder, profile):
    report = judged(folder, profile)
    assert render(folder, report, profile) == render(folder, report, profile)
    first = write_report(folder, report, profile).read_bytes()
    assert write_report(folder, report, profile).read_bytes() == first


def test_a_browser_shows_it(folder, profile, tmp_path):
    """In headless Chromium: every plot has a size, the verdict is there, and nothing overflows the window."""
    page = write_report(folder, judged(folder, profile), profile)
    probe = (
        "<script>window.onload = () => { const boxes = [...document.querySelectorAll('figure svg')]"
        ".map(svg => svg.getBoundingClientRect()); document.title = JSON.stringify({plots: boxes.length, "
        "empty: boxes.filter(box => box.width < 100 || box.height < 40).length, "
        "wide: document.documentElement.scrollWidth > window.innerWidth}) }</script>"
    )
    probed = tmp_path / "probed.html"
    probed.write_text(page.read_text().replace("</body>", f"{probe}</body>"))
    options = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
    options += ["--disable-background-networking", "--disable-component-update", "--window-size=1000,800"]
    command = ["chromium", "--headless", *options, f"--user-data-dir={tmp_path / 'browser'}", "--dump-dom"]
    done = subprocess.run([*command, probed.as_uri()], capture_output=True, text=True, timeout=120, check=True)
    title = re.search(r"<title>(.*?)</title>", done.stdout)
    assert title is not None
    seen = json.loads(title[1])
    assert seen == {"plots": 3 + len(COLUMNS), "empty": 0, "wide": False}
    assert (folder / REPORT_FILE).stat().st_size < 1_000_000
