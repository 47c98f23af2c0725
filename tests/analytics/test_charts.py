"""A chart is a complete picture: its texts, a bar for each value, light or dark, and nothing that runs."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from io import BytesIO
from xml.etree import ElementTree

import pytest
from PIL import Image

from gencharge.analytics import charts
from gencharge.analytics.charts import Chart, Theme, draw_png, draw_svg

TREND = Chart(
    title="रिचार्ज: paid (₹), by day",
    labels=[f"2026-11-{day:02d}" for day in range(1, 31)],
    values=[day * 100_000 for day in range(30)],
    is_trend=True,
    is_money=True,
    nothing="Nothing on these days",
)


def texts_of(svg: bytes) -> list[str]:
    return [
        "".join(node.itertext()) for node in ElementTree.fromstring(svg).iter() if node.tag.endswith("}text")
    ]


def bars_of(svg: bytes) -> int:
    return sum(node.attrib.get("class", "").startswith("rect") for node in ElementTree.fromstring(svg).iter())


def test_a_trend_has_its_title_a_bar_for_each_day_and_amounts_as_in_india() -> None:
    svg = draw_svg(TREND, Theme.AUTO)
    assert TREND.title in texts_of(svg)
    assert "₹20,00,000" in texts_of(svg)
    assert "2026-11-01" in texts_of(svg)
    assert "2026-11-02" not in texts_of(svg), "thirty labels would run into each other"
    assert bars_of(svg) == 30
    assert b"<script" not in svg


def test_a_distribution_is_as_high_as_it_has_parts_and_cuts_long_names() -> None:
    chart = replace(TREND, labels=["x" * 60, "b"], values=[2, 1], is_trend=False, is_money=False)
    small, large = (
        draw_svg(replace(chart, labels=chart.labels * n, values=chart.values * n), Theme.LIGHT)
        for n in (1, 10)
    )
    assert f"{'x' * 27}…" in texts_of(small)
    height = [float(ElementTree.fromstring(svg).attrib["viewBox"].split()[3]) for svg in (small, large)]
    assert height[0] < height[1] < 1_000


@pytest.mark.parametrize("is_trend", [True, False])
@pytest.mark.parametrize("days", [0, 3])
def test_a_chart_of_nothing_says_so(days: int, is_trend: bool) -> None:
    svg = draw_svg(replace(TREND, labels=["a"] * days, values=[0] * days, is_trend=is_trend), Theme.AUTO)
    assert "Nothing on these days" in texts_of(svg)
    assert bars_of(svg) == 0


def test_losses_go_down() -> None:
    assert "-₹20" in texts_of(draw_svg(replace(TREND, labels=["a", "b"], values=[-20, 20]), Theme.LIGHT))


def test_light_and_dark_differ_and_auto_has_both() -> None:
    light, dark, auto = (draw_svg(TREND, theme) for theme in (Theme.LIGHT, Theme.DARK, Theme.AUTO))
    assert b"prefers-color-scheme:dark" in auto
    assert b"prefers-color-scheme" not in light + dark
    corners = [
        Image.open(BytesIO(draw_png(svg, theme))).convert("RGB").getpixel((5, 5))
        for svg, theme in ((light, Theme.LIGHT), (dark, Theme.DARK))
    ]
    assert corners == [(255, 255, 255), (20, 22, 29)]


@pytest.mark.parametrize("theme", [Theme.LIGHT, Theme.DARK])
def test_texts_and_bars_can_be_told_from_the_ground(theme: Theme) -> None:
    """WCAG 2.2, 1.4.3 and 1.4.11: a contrast of 4.5 for texts and of 3 for what shows data."""

    def brightness(colour: str) -> float:
        parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    def contrast(one: str, other: str) -> float:
        low, high = sorted((brightness(one), brightness(other)))
        return (high + 0.05) / (low + 0.05)

    colours = charts._COLOURS[theme]
    css = charts._css(theme)
    for colour, minimum in ((colours.ink, 4.5), (colours.soft, 4.5), (colours.bar, 3.0)):
        assert colour in css
        assert contrast(colour, colours.ground) >= minimum, colour
    assert contrast("#777777", "#ffffff") < 4.5, "the control"


def test_a_picture_shows_hindi() -> None:
    """The title in Devanagari leaves ink where the same picture without it has none."""

    def ink(title: str) -> int:
        chart = replace(TREND, title=title, labels=["a"], values=[1])
        picture = Image.open(BytesIO(draw_png(draw_svg(chart, Theme.LIGHT), Theme.LIGHT))).convert("L")
        return sum(picture.crop((200, 0, 760, 45)).histogram()[:128])

    assert ink("रिचार्ज पूरे हुए") > 300 > ink(" ")


def test_no_process_loads_the_libraries_before_the_first_chart() -> None:
    code = "import sys; import gencharge.analytics.room; print({'pygal', 'resvg_py'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "set()"


def test_the_library_leaves_no_hook_in_the_imports() -> None:
    draw_svg(TREND, Theme.LIGHT)
    assert not [finder for finder in sys.meta_path if type(finder).__module__ == "pygal"]
