"""The page's plots: markup that holds no more than it should, the same bytes for the same figures."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from monitoring_examples import SERVING, files, reports

from vigil.models.models import Measure
from vigil.monitoring.overview import overview
from vigil.monitoring.plots import Difference, bars, forest, trend
from vigil.monitoring.shown import Bar, Trend
from vigil.monitoring.svg import ticks

NASTY = "<script>\"&'</svg>"
SHARE = st.none() | st.floats(0, 1)
LABEL = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]))
BARS = st.builds(Bar, label=LABEL, baseline=SHARE, window=SHARE)


def trends() -> list[Trend]:
    found = overview(SERVING, reports(), [], files())
    return [*found.performance, *found.bias]


@given(st.lists(BARS, max_size=12))
def test_bars_stay_within_their_box_and_text_is_text(rows: list[Bar]) -> None:
    root = ElementTree.fromstring(bars(NASTY, rows))
    width = float(root.attrib["viewBox"].split()[2])
    for box in root.iter("rect"):
        assert float(box.attrib["x"]) + float(box.attrib["width"]) <= width
    assert {each.tag for each in root.iter()} <= {"svg", "rect", "text", "line"}


@pytest.mark.parametrize("found", trends(), ids=lambda found: found.name)
def test_trends_stay_within_their_box_and_have_a_mark_for_each_window(found: Trend) -> None:
    drawn = trend(found)
    assert drawn == trend(found)
    root = ElementTree.fromstring(drawn)
    width, height = (float(each) for each in root.attrib["viewBox"].split()[2:])
    marks = [each for each in root.iter() if each.attrib.get("class") in ("dot", "violated")]
    assert len(marks) == len(found.points)
    for line in root.iter("line"):
        assert 0 <= float(line.attrib["x1"]) <= width and 0 <= float(line.attrib["y1"]) <= height
        assert 0 <= float(line.attrib["y2"]) <= height
    assert root.attrib["role"] == "img" and found.title in root.attrib["aria-label"]


def test_the_form_of_a_mark_tells_a_violation_not_its_colour_alone() -> None:
    calibration = next(found for found in trends() if found.name == "calibration_error")
    root = ElementTree.fromstring(trend(calibration))
    assert [each.attrib["class"] for each in root.iter("polygon")] == ["violated"]


@given(st.floats(-5, 5), st.floats(1e-3, 5), st.booleans())
def test_ticks_are_round_distinct_and_within_the_axis(low: float, wide: float, share: bool) -> None:
    found = ticks(low, low + wide, share=share)
    assert 2 <= len(found) <= 7
    assert len({said for _, said in found}) == len(found)
    for value, said in found:
        assert low - 1e-6 <= value <= low + wide + 1e-6
        assert float(said.rstrip("%")) / (100 if share else 1) == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize(
    ("low", "high", "share", "expected"),
    [
        (0.842, 0.911, False, ["0.86", "0.88", "0.90"]),
        (0.0, 1.0, True, ["0%", "20%", "40%", "60%", "80%", "100%"]),
        (-0.0049, 0.0049, False, ["-0.004", "-0.002", "0", "0.002", "0.004"]),
    ],
)
def test_axes_are_written_in_round_figures(low: float, high: float, share: bool, expected: list[str]) -> None:
    assert [said for _, said in ticks(low, high, share=share)] == expected


def test_undefined_figures_are_left_out() -> None:
    none = Measure(value=None, low=None, high=None)
    auroc = trends()[0]
    gone = auroc.model_copy(
        update={"points": tuple(each.model_copy(update={"measure": none}) for each in auroc.points), "baseline": None}
    )
    assert "circle" not in trend(gone)
    drawn = forest("differences", [Difference("version 1", Measure(value=0.0, low=None, high=None), bad=False)])
    assert drawn.count("<circle") == 1 and "nan" not in drawn
