"""SVG for the middle of a page: shapes with classes, whose colours the page's style sheet gives in light and dark.

No style attribute and no script, so the page's policy stays strict; the same figures give the same bytes. The approval
page's plots (``vigil.approvals.plot_canvas``) are drawn by matplotlib, which takes .13 s for a small plot and theme,
behind one lock for the whole process: this page has some twenty, and other figures at each window.
"""

from __future__ import annotations

import math
from html import escape

TICKS = 5


class Svg:
    """Collects shapes in a box of ``width`` by ``height`` units, which are CSS pixels where there is room for all."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self._shapes: list[str] = []

    def line(self, kind: str, x1: float, y1: float, x2: float, y2: float) -> None:
        self._add(f'<line class="{kind}" x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}"/>')

    def box(self, kind: str, x: float, y: float, width: float, height: float) -> None:
        self._add(f'<rect class="{kind}" x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}"/>')

    def way(self, kind: str, points: list[tuple[float, float]]) -> None:
        places = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
        self._add(f'<polyline class="{kind}" points="{places}"/>')

    def circle(self, kind: str, x: float, y: float, radius: float) -> None:
        self._add(f'<circle class="{kind}" cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}"/>')

    def diamond(self, kind: str, x: float, y: float, radius: float) -> None:
        corners = [(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)]
        places = " ".join(f"{_n(a)},{_n(b)}" for a, b in corners)
        self._add(f'<polygon class="{kind}" points="{places}"/>')

    def text(self, kind: str, x: float, y: float, words: str) -> None:
        """``kind`` says the size and where the words stand to ``x``: classes ``start``, ``middle``, ``end``."""
        self._add(f'<text class="{kind}" x="{_n(x)}" y="{_n(y)}">{escape(words)}</text>')

    def markup(self, label: str) -> str:
        """One picture to a screen reader; the page has its figures as a table beside it."""
        return (
            f'<svg class="plot" role="img" aria-label="{escape(label, quote=True)}" focusable="false" '
            f'viewBox="0 0 {_n(self.width)} {_n(self.height)}">{"".join(self._shapes)}</svg>'
        )

    def _add(self, shape: str) -> None:
        self._shapes.append(shape)


def percent(share: float) -> str:
    """``11.9%``. Of shares below a thousandth it says so: nothing that is there is written as nothing."""
    return "<0.1%" if 0 < share < 0.001 else f"{share * 100:.1f}%"


def ticks(low: float, high: float, *, share: bool = False) -> list[tuple[float, str]]:
    """Round figures within an axis from ``low`` to ``high``, some five of them, with their words; shares as percent."""
    rough = (high - low) / TICKS
    scale = 10.0 ** math.floor(math.log10(rough))
    step = next(scale * each for each in (1, 2, 5, 10) if scale * each >= rough * 0.999)
    digits = max(0, -math.floor(math.log10(step) + 1e-9) - (2 if share else 0))
    places = range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)
    return [(place * step, _said(place * step, digits, share=share)) for place in places]


def _said(value: float, digits: int, *, share: bool) -> str:
    if abs(value) < 1e-12:
        return "0%" if share else "0"
    return f"{value * 100:.{digits}f}%" if share else f"{value:.{digits}f}"


def _n(value: float) -> str:
    """A tenth of a pixel is enough, and keeps the bytes the same on every machine."""
    return f"{value:.1f}".removesuffix(".0")
