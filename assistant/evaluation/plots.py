"""Plots as inline SVG, coloured by the page's own variables so that light and dark both read well."""

from collections.abc import Mapping, Sequence
from html import escape

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 460, 220, 62, 38


def bars(values: Mapping[str, tuple[float, str]], colours: Mapping[str, str] | None = None) -> str:
    """Horizontal bars: label -> (share in [0, 1], what to print at its end)."""
    rows = []
    for number, (label, (share, text)) in enumerate(values.items()):
        y = number * 26
        colour = (colours or {}).get(label, "var(--accent)")
        width = max(1.0, 190 * share)
        rows.append(
            f'<text x="160" y="{y + 16}" text-anchor="end">{escape(label)}</text>'
            f'<rect x="168" y="{y + 4}" width="{width:.1f}" height="16" rx="3" fill="{colour}"/>'
            f'<text x="{174 + width:.1f}" y="{y + 16}" class="quiet">{escape(text)}</text>'
        )
    return _svg(_WIDTH, 26 * len(values) + 4, "".join(rows))


def line(points: Sequence[tuple[float, float]], across: str, up: str, names: Sequence[str] = ()) -> str:
    """A line through points in [0, 1] x [0, 1] with a hover text for each; axes are labelled in per cent."""
    wide, high = _WIDTH - _LEFT - 22, _HEIGHT - _BOTTOM - 10

    def place(x: float, y: float) -> tuple[float, float]:
        return _LEFT + wide * x, 10 + high * (1 - y)

    parts = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        (x, _), (_, y) = place(tick, 0), place(0, tick)
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - 22}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" class="quiet">{tick:.0%}</text>')
        parts.append(f'<text x="{x:.1f}" y="{10 + high + 15}" text-anchor="middle" class="quiet">{tick:.0%}</text>')
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in points))
    parts.append(f'<polyline points="{path}" fill="none" stroke="var(--accent)" stroke-width="2.5"/>')
    for number, point in enumerate(points):
        if len(points) <= 40 or names:
            x, y = place(*point)
            title = f"<title>{escape(names[number])}</title>" if names else ""
            radius = 4 if len(points) <= 40 else 5
            fill = "var(--accent)" if len(points) <= 40 else "transparent"
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{fill}">{title}</circle>')
    parts.append(f'<text x="{_LEFT + wide / 2}" y="{_HEIGHT - 2}" text-anchor="middle">{escape(across)}</text>')
    parts.append(
        f'<text transform="translate(14 {10 + high / 2}) rotate(-90)" text-anchor="middle">{escape(up)}</text>'
    )
    return _svg(_WIDTH, _HEIGHT, "".join(parts), f"{up} by {across}")


def interval(low: float, value: float, high: float) -> str:
    """A small mark for a value in [0, 1] with its interval."""
    return _svg(
        110, 14,
        f'<line x1="5" x2="105" y1="7" y2="7" class="grid"/><rect x="{5 + 100 * low:.1f}" y="4" rx="3" height="6" '
        f'width="{max(1.0, 100 * (high - low)):.1f}" fill="var(--accent)" opacity=".35"/>'
        f'<circle cx="{5 + 100 * value:.1f}" cy="7" r="4" fill="var(--accent)"/>',
    )  # fmt: skip


def _svg(width: float, height: float, inside: str, label: str = "") -> str:
    named = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    kind = "spark" if width < 200 else "plot"
    return f'<svg class="{kind}" viewBox="0 0 {width} {height}" {named}>{inside}</svg>'
