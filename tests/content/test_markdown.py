"""Markdown as HTML that is safe to show."""

from __future__ import annotations

import pytest

from gencharge.content.markdown import html_of, is_link


def test_headings_lists_and_tables_are_drawn() -> None:
    html = html_of("# Refunds\n\n- one\n\n|a|b|\n|-|-|\n|1|2|")
    assert all(part in html for part in ("<h1>Refunds</h1>", "<li>one</li>", "<td>2</td>"))


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html;base64,PHN2Zz4=)",
        "<javascript:alert(1)>",
        "![x](https://evil.example/track.png)",
        "[x](//evil.example)",
        "[x](http://in.clear.example)",
        "[x]: javascript:alert(1)\n\n[x]",
    ],
)
def test_nothing_in_a_text_runs_or_loads(source: str) -> None:
    html = html_of(source)
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="j' not in html.lower()
    assert not any(f'href="{start}' in html for start in ("data:", "//", "http:"))


@pytest.mark.parametrize("url", ["https://a.in/b", "/plans", "mailto:a@b.in", "tel:+911234567890", "#top"])
def test_a_link_leads_to_https_or_within_the_site(url: str) -> None:
    assert is_link(url)


@pytest.mark.parametrize(
    "url", ["http://a.in", "//a.in", "javascript:x", "plans", "https://a b", "/a\nb", ""]
)
def test_nothing_else_is_a_link(url: str) -> None:
    assert not is_link(url)
