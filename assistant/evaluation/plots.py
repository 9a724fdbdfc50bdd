"""Small plots as SVG, drawn without a library: bars, a risk-coverage curve, a line of earlier runs."""

import html
from collections.abc import Sequence

_WIDTH, _LEFT, _ROW = 440, 236, 24


def bars(values: Sequence[tuple[str, int, str]]) -> str:
    """Horizontal bars of (name, count, class)."""
    top = max((count for _, count, _ in values), default=1)
    rows = []
    for place, (name, count, shade) in enumerate(values):
        y = place * _ROW
        width = (_WIDTH - _LEFT - 40) * count / top
        rows.append(
            f"<text x='{_LEFT - 8}' y='{y + 16}' text-anchor='end'>{html.escape(name)}</text>"
            f"<rect class='bar {shade}' x='{_LEFT}' y='{y + 4}' width='{width:.1f}' height='15' rx='2'/>"
            f"<text x='{_LEFT + width + 6:.1f}' y='{y + 16}'>{count}</text>"
        )
    return _svg(_ROW * max(1, len(values)), "".join(rows), ", ".join(f"{name}: {count}" for name, count, _ in values))


def risk_plot(points: Sequence[tuple[float, float]]) -> str:
    """The share of wrong answers against the share of questions answered, both in [0, 1]."""
    if not points:
        return "<p class='small'>No question has a probability of being answered.</p>"
    return _line([(x, y) for x, y in points], "questions answered", "of these wrong")


def history_plot(values: Sequence[float | None]) -> str:
    """A figure in [-1, 1] over earlier runs, the newest at the right."""
    known = [(number, value) for number, value in enumerate(values) if value is not None]
    last = max(1, len(values) - 1)
    return _line([(number / last, (value + 1) / 2) for number, value in known], "runs", "-1 to 1")


def _line(points: Sequence[tuple[float, float]], across: str, up: str) -> str:
    left, height, width = 46, 170, _WIDTH - 60
    path = " ".join(f"{left + x * width:.1f},{height - y * (height - 12):.1f}" for x, y in points)
    frame = f"<path class='axis' fill='none' d='M{left} 12V{height}H{left + width}'/>"
    ticks = "".join(
        f"<text x='{left - 6}' y='{height - y * (height - 12) + 4:.0f}' text-anchor='end'>{label}</text>"
        for y, label in ((0, "0"), (0.5, ".5"), (1, "1"))
    )
    names = f"<text x='{left + width}' y='{height + 18}' text-anchor='end'>{across}</text><text x='{left + 6}' y='22'>{up}</text>"
    return _svg(
        height + 26, f"{frame}{ticks}{names}<polyline class='curve' points='{path}'/>", f"{up} against {across}"
    )


def _svg(height: float, inner: str, label: str) -> str:
    return (
        f"<svg viewBox='0 0 {_WIDTH} {height}' role='img' aria-label='{html.escape(label, quote=True)}'>{inner}</svg>"
    )
