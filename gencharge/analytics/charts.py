"""A trend or a distribution as a picture: SVG, by pygal, or PNG, by resvg from that SVG.

Both libraries are imported for the first chart, so that no process that draws none pays for them. Call from a thread: a chart takes tens
of milliseconds of the processor.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Final

from gencharge.core.printing import fonts
from gencharge.core.printing.amounts import grouped

WIDTH: Final = 960
_HEIGHT: Final = 420
_BAR_HEIGHT: Final = 26
_AROUND: Final = 110
# Labels under a trend; with more they would run into each other.
_LABELS: Final = 10
_LONGEST_LABEL: Final = 28
_FAMILY: Final = "Noto Sans"
_DEVANAGARI: Final = "Noto Sans Devanagari"
_IN_DEVANAGARI: Final = re.compile("[\u0900-\u097f\u200c\u200d]+(?: +[\u0900-\u097f\u200c\u200d]+)*")
_SCRIPTS: Final = re.compile(r"<script.*?</script>|<script[^>]*/>", re.DOTALL)
_TEXTS: Final = re.compile(r"(<text[^>]*>)([^<]*)(</text>)")


class Theme(StrEnum):
    """On which ground a chart is shown."""

    AUTO = "auto"  # as the reader's system says; of a PNG, light
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class _Colours:
    ground: str
    ink: str
    soft: str
    line: str
    bar: str


_COLOURS: Final = {
    Theme.LIGHT: _Colours("#ffffff", "#181c28", "#5a6275", "#d5d9e4", "#4a43c0"),
    Theme.DARK: _Colours("#14161d", "#eceef6", "#a9b0c3", "#383d4c", "#9d97ff"),
}


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn: a value for each label. Amounts are in rupees."""

    title: str
    labels: Sequence[str]
    values: Sequence[int | float]
    # A trend stands, with time going right; the bars of a distribution lie, so that there is room for names.
    is_trend: bool
    is_money: bool
    nothing: str


def draw_svg(chart: Chart, theme: Theme) -> bytes:
    """The chart as SVG, without scripts and without anything that it would have to fetch."""
    pygal = _pygal()
    height = _HEIGHT if chart.is_trend else _AROUND + _BAR_HEIGHT * max(4, len(chart.labels))
    kind = pygal.Bar if chart.is_trend else pygal.HorizontalBar
    # The first part of a distribution belongs on top.
    step = 1 if chart.is_trend else -1
    drawn = kind(
        style=pygal.style.Style(
            font_family=f"{_FAMILY},{_DEVANAGARI},sans-serif",
            title_font_size=19,
            label_font_size=13,
            major_label_font_size=13,
            opacity="1",
            opacity_hover="1",
            transition="0s",
        ),
        js=[],
        disable_xml_declaration=True,
        title=chart.title,
        x_title=None if any(chart.values) else chart.nothing,
        width=WIDTH,
        height=height,
        show_legend=False,
        truncate_label=-1,
        margin=18,
        zero=0,
        include_x_axis=True,
        value_formatter=_money if chart.is_money else _number,
        show_minor_x_labels=not chart.is_trend,
        x_labels_major_every=max(1, -(-len(chart.labels) // _LABELS)) if chart.is_trend else None,
    )
    drawn.x_labels = [_short(label) for label in chart.labels][::step] or [""]
    if any(chart.values):
        drawn.add("", list(chart.values)[::step])
    svg = str(drawn.render(is_unicode=True))
    # Its settings for the tooltips, which take a script that is not there. What people wrote is escaped, so it has no tags.
    svg = _SCRIPTS.sub("", svg)
    svg = _TEXTS.sub(lambda text: text[1] + _by_script(text[2]) + text[3], svg)
    return svg.replace("</style>", _css(theme) + "</style>", 1).encode()


def draw_png(svg: bytes, theme: Theme) -> bytes:
    """The same as PNG. `svg` was drawn for LIGHT or DARK."""
    import resvg_py

    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg.decode(),
            background=_COLOURS[theme].ground,
            width=WIDTH,
            skip_system_fonts=True,
            font_files=[str(path) for path in sorted(fonts.FOLDER.glob("*-Regular.ttf"))],
            font_family=_FAMILY,
        )
    )


@cache
def _pygal() -> Any:
    import pygal
    import pygal.style

    # It hooks into the import of all modules, for maps that it has no more, with a method that Python took away: each import that fails
    # would warn of it.
    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]
    return pygal


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}…"


def _by_script(text: str) -> str:
    """Devanagari in its own font: resvg looks for no other one if the first lacks a letter."""
    return _IN_DEVANAGARI.sub(lambda run: f'<tspan style="font-family:{_DEVANAGARI}">{run[0]}</tspan>', text)


def _css(theme: Theme) -> str:
    if theme is not Theme.AUTO:
        return _rules(_COLOURS[theme])
    dark = _rules(_COLOURS[Theme.DARK])
    return f"{_rules(_COLOURS[Theme.LIGHT])}@media (prefers-color-scheme:dark){{{dark}}}"


def _rules(colours: _Colours) -> str:
    return (
        f".pygal-chart{{background:{colours.ground}}}"
        f".graph>.background,.plot>.background{{fill:{colours.ground}!important}}"
        f"text.title{{fill:{colours.ink}!important}}"
        f".axis text,.axis text.major{{fill:{colours.soft}!important}}"
        f".axis .line,.axis .guide.line,.axis .major.line{{stroke:{colours.line}!important;stroke-dasharray:none!important}}"
        f".color-0,.reactive{{fill:{colours.bar}!important;stroke:{colours.bar}!important;fill-opacity:1!important}}"
        ".tooltip,.text-overlay{display:none}"
    )


def _number(value: float) -> str:
    if value != int(value):
        return f"{value:g}"
    return grouped(str(int(value))).removesuffix(".")


def _money(value: float) -> str:
    return f"₹{_number(value)}" if value >= 0 else f"-₹{_number(-value)}"
