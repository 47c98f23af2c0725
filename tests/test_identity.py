"""One name, one mark, one set of colours, wherever a person sees us (docs/IDENTITY.md)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "IDENTITY.md").read_text(encoding="utf-8")
MARK = ROOT / "gencharge" / "api" / "static" / "docs" / "favicon.svg"
SHEETS = ("gencharge/api/static/docs/look.css", "sandbox/html/style.css")


def colours() -> dict[str, tuple[str, str]]:
    """The light and the dark value of each token."""
    tokens: dict[str, tuple[str, str]] = {}
    for row in re.findall(r"^\| (`--.*)$", PAGE, re.MULTILINE):
        names, light, dark, _ = (re.findall(r"`([^`]+)`", cell) for cell in row.split(" | "))
        tokens |= {name: (light[place], dark[place]) for place, name in enumerate(names)}
    return tokens


@pytest.mark.parametrize("copy", ["docs/assets/mark.svg", "sandbox/html/favicon.svg"])
def test_the_mark_is_the_same_everywhere(copy: str) -> None:
    assert (ROOT / copy).read_bytes() == MARK.read_bytes()


def test_the_mark_is_small_and_takes_nothing_from_elsewhere() -> None:
    text = MARK.read_text(encoding="utf-8")
    assert len(text) < 1_000
    assert re.findall(r"href|url\(|<script|<image|<text", text) == []
    light = colours()
    assert light["--brand"][0] in text
    assert light["--charge"][0] in text


@pytest.mark.parametrize("sheet", SHEETS)
def test_a_sheet_has_the_colours_of_the_page_in_each_theme(sheet: str) -> None:
    text = (ROOT / sheet).read_text(encoding="utf-8")
    assert len(colours()) == 10
    for theme, part in enumerate(text.split("@media (prefers-color-scheme: dark)", 1)):
        values = dict(re.findall(r"(--[\w-]+): (#\w+)", part.partition("}")[0]))
        shared = values.keys() & colours().keys()
        assert {"--brand", "--on-brand", "--page", "--card", "--ink", "--soft", "--line", "--tint"} <= shared
        assert {name: values[name] for name in shared} == {name: colours()[name][theme] for name in shared}


def test_the_guide_has_the_colour_of_the_brand_in_each_theme() -> None:
    text = (ROOT / "docs" / "assets" / "guide.css").read_text(encoding="utf-8")
    assert re.findall(r"--md-primary-fg-color: (#\w+)", text) == list(colours()["--brand"])


@pytest.mark.parametrize("theme", [0, 1])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("--ink", "--page"),
        ("--ink", "--card"),
        ("--soft", "--page"),
        ("--soft", "--card"),
        ("--brand", "--page"),
        ("--brand", "--card"),
        ("--brand", "--tint"),
        ("--on-brand", "--brand"),
        ("--charge", "--deep"),
    ],
)
def test_text_can_be_read_on_its_ground(text: str, ground: str, theme: int) -> None:
    assert contrast(colours()[text][theme], colours()[ground][theme]) >= 4.5


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def contrast(one: str, other: str) -> float:
    """The ratio of the luminances of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
