"""Approvers' plots: both themes, told apart without colour, the numbers in words, harmless in the middle of a page."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from dossier_bench import OLD_DATASET, DossierBench
from drawn_evaluation import CASES, drawn_evaluation
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from vigil.approvals.dossier import Dossier
from vigil.approvals.plot_canvas import PALETTES
from vigil.approvals.plots import Plot, _curve, _drawn, evidence_plots


@pytest.fixture(scope="module")
def dossier() -> Dossier:
    bench = DossierBench.make()
    bench.rows["new"] = bench.open(drawn_evaluation(bench.plan))
    old = drawn_evaluation(bench.plan, seed=3, gain=1.3, dataset_version=OLD_DATASET)
    bench.rows["old"] = bench.signed_by_all(bench.open(old, "run-0"))
    return bench.dossier()


@pytest.fixture(scope="module")
def light(dossier) -> dict[str, Plot]:
    return {plot.title: plot for plot in evidence_plots(dossier, "light")}


def test_all_five_are_drawn_as_images_with_a_name(light):
    assert list(light) == [
        "ROC curve", "Precision and recall", "Calibration", "AUROC by subgroup", "Distribution of scores",
    ]  # fmt: skip
    for plot in light.values():
        root = ElementTree.fromstring(plot.svg)
        assert (root.get("role"), root.get("aria-label")) == ("img", plot.title)


def test_the_same_dossier_gives_the_same_bytes_in_every_thread(dossier, light):
    _drawn.cache_clear()
    with ThreadPoolExecutor(4) as threads:
        drawn = list(threads.map(lambda theme: (theme, evidence_plots(dossier, theme)), ["dark", "light", "dark"]))
    dark = drawn[0][1]
    for theme, plots in drawn:
        assert plots == (dark if theme == "dark" else list(light.values()))


def test_another_evaluation_is_never_shown_another_ones_plots(dossier, light):
    bench = DossierBench.make()
    bench.rows["new"] = bench.open(drawn_evaluation(bench.plan, seed=8))
    for plot in evidence_plots(bench.dossier(), "light"):
        assert plot.svg != light[plot.title].svg


def test_themes_differ_in_colour_alone(dossier, light):
    for dark in evidence_plots(dossier, "dark"):
        same = light[dark.title]
        assert dark.description == same.description and dark.svg != same.svg
        assert PALETTES["light"].ink in same.svg and PALETTES["light"].ink not in dark.svg


@pytest.mark.parametrize("theme", PALETTES)
def test_every_colour_reads_on_its_page(theme):
    palette = PALETTES[theme]
    colours = [palette.ink, palette.faint, palette.serious, palette.other]
    for colour in (*colours, *(style.colour for style in palette.styles.values())):
        assert contrast(colour, palette.page) >= 4.5, colour


def test_models_are_told_apart_by_dash_and_marker_too():
    for palette in PALETTES.values():
        for look in (lambda style: str(style.dash), lambda style: style.marker):
            assert len({look(style) for style in palette.styles.values()}) == len(palette.styles)


@pytest.mark.parametrize("theme", PALETTES)
def test_where_curves_lie_on_each_other_each_is_seen(theme):
    """Two good models are close, which is just when a signer looks for both."""
    palette, points = PALETTES[theme], [(x / 40, (x / 40) ** 0.25) for x in range(41)]
    seen: dict[str, int] = {}
    for roles in (("candidate", "serving", "baseline"), ("candidate", "serving")):
        figure = Figure(figsize=(4.7, 3.6), facecolor=palette.page)
        canvas, axes = FigureCanvasAgg(figure), figure.subplots()
        axes.axis("off")
        for role in roles:
            _curve(axes, points, role, palette)
        canvas.draw()
        pixels = np.asarray(canvas.buffer_rgba())[..., :3].astype(int)
        for role in roles:
            wanted = np.array([int(palette.styles[role].colour[place : place + 2], 16) for place in (1, 3, 5)])
            seen[role] = int((np.abs(pixels - wanted).sum(axis=-1) < 30).sum())
        everything = sum(seen[role] for role in roles)
        assert all(seen[role] > everything / 8 for role in roles), seen


def test_no_marker_hides_the_marker_of_another_curve():
    figure = Figure()
    axes = figure.subplots()
    points = [(x / 100, x / 100) for x in range(101)]
    for role in PALETTES["light"].styles:
        _curve(axes, points, role, PALETTES["light"])
    places = [set(range(len(points))[line.get_markevery()[0] :: line.get_markevery()[1]]) for line in axes.lines]
    assert all(places) and not set.intersection(*places)
    assert not places[0] & places[1] and not places[1] & places[2]


def test_ids_are_unique_in_a_page_with_all_plots_in_both_themes(dossier):
    ids = [name for theme in ("light", "dark") for plot in evidence_plots(dossier, theme) for name in ids_of(plot.svg)]
    assert ids and len(set(ids)) == len(ids)


def test_every_reference_inside_a_plot_has_its_target(light):
    for plot in light.values():
        wanted = re.findall(r'(?:href="#|url\(#)([^")]+)', plot.svg)
        assert wanted and set(wanted) <= set(ids_of(plot.svg))


def test_nothing_is_fetched_and_nothing_runs(light):
    for plot in light.values():
        assert "<script" not in plot.svg and "<?xml" not in plot.svg and "<!DOCTYPE" not in plot.svg
        assert not re.findall(r'href="(?!#)', plot.svg)


def test_descriptions_state_the_numbers_of_all_three_models(dossier, light):
    assert dossier.evaluation is not None
    words = light["ROC curve"].description
    for name in ("candidate AUROC 0.880 (0.860 to 0.900)", "model in service AUROC", "baseline AUROC"):
        assert words.count(name) == 2, name
    assert f"{CASES:,} cases" in words and "another dataset version" in words
    measure = dossier.evaluation.splits["test"].candidate.subgroups["age_65_up"].auroc
    assert f"{measure.value:.3f} ({measure.low:.3f} to {measure.high:.3f})" in light["AUROC by subgroup"].description
    assert "average precision 0.900" in light["Precision and recall"].description
    assert "furthest off where" in light["Calibration"].description


def test_scores_are_counted_by_the_bands_of_the_plan(dossier, light):
    assert dossier.evaluation is not None
    words = light["Distribution of scores"].description
    counts = [int(number.replace(",", "")) for number in re.findall(r"([\d,]+) (?:serious|not serious)", words)]
    assert sum(counts) == 2 * CASES
    high = [each for each in dossier.evaluation.splits["test"].candidate.curves.scores if each.low >= 0.7]
    assert f"from 0.7 to 1 {sum(each.serious for each in high):,} serious" in words


def test_without_a_model_in_service_the_two_others_are_drawn(dossier):
    for plot in evidence_plots(dossier.model_copy(update={"serving": None}), "light"):
        assert "model in service" not in plot.svg + plot.description


def test_evidence_that_does_not_hold_is_not_drawn(dossier):
    assert evidence_plots(dossier.model_copy(update={"evaluation": None}), "light") == []


def test_a_subgroup_of_one_class_is_told_and_not_drawn(dossier):
    document = dossier.evaluation.model_dump(mode="json")
    nothing = {"value": None, "low": None, "high": None}
    document["splits"]["test"]["candidate"]["subgroups"]["sex_missing"]["auroc"] = nothing
    changed = dossier.model_copy(update={"evaluation": type(dossier.evaluation).model_validate(document)})
    found = {plot.title: plot for plot in evidence_plots(changed, "light")}
    assert "candidate undefined" in found["AUROC by subgroup"].description


def ids_of(svg: str) -> list[str]:
    return re.findall(r'\bid="([^"]+)"', svg)


def contrast(first: str, second: str) -> float:
    """WCAG 2.2's contrast ratio of two colours."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)
