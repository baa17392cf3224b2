"""Where approvers' plots are drawn: two themes, and SVG of which the same figures give the same bytes.

Whose line is whose is told by dash and marker besides colour (WCAG 2.2, 1.4.1), and every colour has at least 4.5:1
against its theme's page (1.4.3 for text, 1.4.11 for lines asks for 3:1).
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from threading import Lock
from typing import Any, Literal

import matplotlib
from matplotlib.figure import Figure

Theme = Literal["light", "dark"]
Role = Literal["candidate", "serving", "baseline"]

Paint = Callable[[Figure, "Palette"], None]

#: matplotlib's settings belong to the whole process, and a page server draws in many threads.
_DRAWING = Lock()


@dataclass(frozen=True)
class Style:
    """How the line of one model looks. ``layer``: of lines that lie on each other, the highest is on top."""

    colour: str
    dash: Any
    marker: str
    width: float
    layer: int


@dataclass(frozen=True)
class Palette:
    """``page``: the ground the plot lies on; it is not painted. ``serious`` and ``other``: the two classes of cases."""

    page: str
    ink: str
    faint: str
    serious: str
    other: str
    styles: dict[Role, Style]


def _styles(candidate: str, serving: str, baseline: str) -> dict[Role, Style]:
    """A broad line below, thin broken ones above it: where all three are the same curve, each is seen."""
    return {
        "candidate": Style(candidate, "solid", "o", 3.4, 1),
        "serving": Style(serving, (0, (3, 4)), "^", 1.6, 3),
        "baseline": Style(baseline, (0, (7, 2)), "s", 1.6, 2),
    }


PALETTES: dict[Theme, Palette] = {
    "light": Palette(
        page="#ffffff", ink="#1f2328", faint="#6b7280", serious="#9a3412", other="#1d5f8f",
        styles=_styles("#1d5f8f", "#7a2fa0", "#8a5200"),
    ),
    "dark": Palette(
        page="#18181b", ink="#e7e7ea", faint="#9ca3af", serious="#ff9d76", other="#7cc4ff",
        styles=_styles("#7cc4ff", "#d3a4ff", "#f0b95c"),
    ),
}  # fmt: skip


def draw(
    name: str, title: str, theme: Theme, size: tuple[float, float], paint: Callable[[Figure, Palette], None]
) -> str:
    """The SVG of what ``paint`` draws. ``name`` makes its ids unique in a page that holds several plots."""
    palette = PALETTES[theme]
    with _DRAWING, matplotlib.rc_context(_settings(name, palette)):
        figure = Figure(figsize=size, layout="constrained")  # without pyplot, whose state all threads share
        paint(figure, palette)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return _for_a_page(buffer.getvalue(), f"{name}-{theme}", title)


def _settings(name: str, palette: Palette) -> Any:
    ink, faint = palette.ink, palette.faint
    return {
        "svg.hashsalt": f"vigil-{name}",  # else ids in the file are random
        "svg.fonttype": "none",  # text stays text: smaller, and sharp at any size
        "font.size": 9,
        "font.family": "sans-serif",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 9,
        "axes.titlelocation": "left",
        "axes.facecolor": "none",
        "figure.facecolor": "none",
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": faint,
        "grid.alpha": 0.25,
        "grid.linewidth": 0.6,
        "text.color": ink,
        "axes.labelcolor": ink,
        "axes.titlecolor": ink,
        "axes.edgecolor": faint,
        "xtick.color": ink,
        "ytick.color": ink,
        "hatch.linewidth": 0.7,
        "legend.frameon": False,
        "legend.fontsize": 8.5,
    }


def _for_a_page(text: str, prefix: str, title: str) -> str:
    """No XML declaration in a page's middle, ids that no other plot has, one image to a screen reader."""
    text = text[text.index("<svg") :]
    text = re.sub(r'\bid="', f'id="{prefix}-', text)
    text = re.sub(r'(url\(#|href="#)', rf"\g<1>{prefix}-", text)
    label = escape(title, quote=True)
    return text.replace("<svg ", f'<svg role="img" aria-label="{label}" focusable="false" ', 1)
