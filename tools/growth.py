"""A plot of cost against work on logarithmic axes, as SVG written by hand: no plotting library is needed for it."""

import math
from collections.abc import Mapping

WIDTH, HEIGHT, EDGE = 640, 360, 56
MIDDLE = 'text-anchor="middle"'
FONT = 'font-family="sans-serif" font-size="12"'
COLOURS = ("#1f77b4", "#d62728")


def picture(series: Mapping[str, Mapping[int, float]]) -> str:
    """Return the plot of each series: count to seconds, relative to the series' first point."""
    ratios = {
        name: {count: value / next(iter(found.values())) for count, value in found.items()}
        for name, found in series.items()
    }
    right = max(math.log10(count) for found in ratios.values() for count in found)
    top = max(1.0, *(math.log10(value) for found in ratios.values() for value in found.values()))

    def place(count: float, ratio: float) -> str:
        across = EDGE + (WIDTH - 2 * EDGE) * math.log10(count) / right
        up = HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * max(math.log10(ratio), 0) / top
        return f"{across:.1f},{up:.1f}"

    lines = []
    for colour, (name, found) in zip(COLOURS, ratios.items(), strict=False):
        points = " ".join(place(count, ratio) for count, ratio in found.items())
        across, up = points.split()[-1].split(",")
        lines += [
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>',
            f'<text x="{float(across) - 4}" y="{float(up) - 8}" fill="{colour}" text-anchor="end">{name}</text>',
        ]
    end = 10 ** min(right, top)
    ideal = f'<polyline points="{place(1, 1)} {place(end, end)}" stroke="#999" stroke-dasharray="4 4"/>'
    ticks = [
        f'<text x="{place(10**power, 1).split(",")[0]}" y="{HEIGHT - EDGE + 18}" {MIDDLE}>{10**power:,}</text>'
        for power in range(int(right) + 1)
    ]
    heights = [
        f'<text x="{EDGE - 8}" y="{place(1, 10**power).split(",")[1]}" text-anchor="end">{10**power:,} x</text>'
        for power in range(int(top) + 1)
    ]
    words = f'<text x="{WIDTH / 2}" y="{HEIGHT - 12}" {MIDDLE}>count; dashed: linear; both axes logarithmic</text>'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {FONT}>',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
            ideal,
            *lines,
            *ticks,
            *heights,
            words,
            "</svg>\n",
        ]
    )
