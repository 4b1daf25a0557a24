"""Charts as SVG, of bars and of lines, written by hand: no library is needed to draw them.

    text = chart.page("Calls a second", [chart.bars("title", [("ours", 3.0)]), ...])
"""

import html
import math
import shutil
import subprocess

PANEL_WIDTH = 460
PANEL_HEIGHT = 300
MARGIN_LEFT = 86
MARGIN_RIGHT = 30
MARGIN_TOP = 40
MARGIN_BOTTOM = 48
OURS = "#c0392b"
COLORS = {"uvrpc": OURS, "raw_uv": "#7f8c8d", "raw_epoll": "#bdc3c7", "reference": "#34495e",
          "grpc": "#2980b9", "thrift": "#27ae60", "capnp": "#8e44ad"}
OTHER_COLOR = "#555555"


def short(value):
    """1234567 as 1.2M, 0.123 as it is: a number for an axis."""
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def _text(x, y, text, anchor="start", size=12, weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
            f'font-weight="{weight}">{html.escape(text)}</text>')


def _line(x1, y1, x2, y2, color="#dddddd"):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}"/>'


def bars(title, values):
    """A panel with a horizontal bar for each (name, value); where there is none, a dash."""
    parts = [_text(10, 22, title, size=14, weight="bold")]
    largest = max((value for _, value in values if value), default=1)
    room = PANEL_WIDTH - MARGIN_LEFT - MARGIN_RIGHT - 50
    step = min(34, (PANEL_HEIGHT - MARGIN_TOP) / max(1, len(values)))
    for i, (name, value) in enumerate(values):
        top = MARGIN_TOP + i * step
        parts.append(_text(MARGIN_LEFT - 8, top + step * 0.6, name, anchor="end"))
        width = room * (value or 0) / largest
        parts.append(f'<rect x="{MARGIN_LEFT}" y="{top:.1f}" width="{width:.1f}" '
                     f'height="{step * 0.8:.1f}" fill="{COLORS.get(name, OTHER_COLOR)}"/>')
        parts.append(_text(MARGIN_LEFT + width + 6, top + step * 0.6,
                           short(value) if value else "-"))
    return parts


class _LogAxis:
    """Numbers to places, a decade always as far as the next. Zero is where the axis begins."""

    def __init__(self, values, begin, end):
        positive = [value for value in values if value > 0] or [1]
        self.low = math.floor(math.log10(min(positive)))
        self.high = max(self.low + 1, math.ceil(math.log10(max(positive))))
        self.begin, self.end = begin, end

    def place(self, value):
        power = math.log10(value) if value > 0 else self.low
        part = (power - self.low) / (self.high - self.low)
        return self.begin + part * (self.end - self.begin)

    def ticks(self):
        return [10.0 ** power for power in range(self.low, self.high + 1)]


def lines(title, x_title, series):
    """A panel with a line through the (x, y) of each (name, points); both axes are logarithmic."""
    points = [point for _, of_one in series for point in of_one]
    across = _LogAxis([x for x, _ in points], MARGIN_LEFT, PANEL_WIDTH - MARGIN_RIGHT)
    up = _LogAxis([y for _, y in points], PANEL_HEIGHT - MARGIN_BOTTOM, MARGIN_TOP)
    parts = [_text(10, 22, title, size=14, weight="bold"),
             _text(PANEL_WIDTH / 2, PANEL_HEIGHT - 8, x_title, anchor="middle")]
    for tick in across.ticks():
        x = across.place(tick)
        parts += [_line(x, MARGIN_TOP, x, PANEL_HEIGHT - MARGIN_BOTTOM),
                  _text(x, PANEL_HEIGHT - MARGIN_BOTTOM + 16, short(tick), anchor="middle")]
    for tick in up.ticks():
        y = up.place(tick)
        parts += [_line(MARGIN_LEFT, y, PANEL_WIDTH - MARGIN_RIGHT, y),
                  _text(MARGIN_LEFT - 8, y + 4, short(tick), anchor="end")]
    for i, (name, of_one) in enumerate(series):
        color = COLORS.get(name, OTHER_COLOR)
        path = " ".join(f"{across.place(x):.1f},{up.place(y):.1f}" for x, y in of_one)
        parts += [f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>',
                  f'<text x="{PANEL_WIDTH - MARGIN_RIGHT}" y="{22 + 14 * i}" text-anchor="end" '
                  f'font-size="12" fill="{color}">{html.escape(name)}</text>']
    return parts


def page(title, panels, columns=2):
    """The panels beside and below each other, as the text of an SVG file."""
    width = columns * PANEL_WIDTH
    height = 40 + math.ceil(len(panels) / columns) * PANEL_HEIGHT
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
             'font-family="sans-serif">',
             f'<rect width="{width}" height="{height}" fill="white"/>',
             _text(10, 26, title, size=16, weight="bold")]
    for i, panel in enumerate(panels):
        x, y = (i % columns) * PANEL_WIDTH, 40 + (i // columns) * PANEL_HEIGHT
        parts += [f'<g transform="translate({x},{y})">', *panel, "</g>"]
    return "\n".join(parts + ["</svg>"]) + "\n"


def write(path, text):
    """The SVG file, and beside it the same as PNG, where there is a program for that."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    if shutil.which("rsvg-convert"):
        png = path.removesuffix(".svg") + ".png"
        subprocess.run(["rsvg-convert", "-z", "2", "-o", png, path], check=True)
