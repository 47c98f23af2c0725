"""Every link of every page in the repository leads to a file, and to a heading of it, without asking the network."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.law.house import ROOT

# What is not ours, and what others made from ours.
_ELSEWHERE = frozenset({".venv", ".gencharge", ".git", ".cache", "node_modules", "static"})
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"^( *)```.*?^\1```|`[^`\n]*`", re.DOTALL | re.MULTILINE)


def pages(root: Path) -> list[Path]:
    """All Markdown files of the repository."""
    paths = list[Path]()
    for folder, folders, names in os.walk(root):
        folders[:] = set(folders) - _ELSEWHERE  # not walked through either
        paths += [Path(folder, name) for name in names if name.endswith(".md")]
    return sorted(paths)


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors of a page's headings, as GitHub and the documentation's site make them."""
    text = re.sub(r"^( *)```.*?^\1```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE)
    return frozenset(
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings
    )


def broken(page: Path) -> Iterator[str]:
    """What a page's links miss. Addresses on the web are not looked at."""
    for link in _LINK.findall(_CODE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        if path.startswith("/"):
            yield f"{page}: {link} is not relative"
        elif not target.exists():
            yield f"{page}: {link}: there is no such file"
        elif anchor and target.suffix == ".md" and anchor not in anchors(target):
            yield f"{page}: {link}: {target.name} has no such heading"


def test_every_link_of_every_page_leads_somewhere() -> None:
    assert len(pages(ROOT)) > 30
    assert [problem for page in pages(ROOT) for problem in broken(page)] == []


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("nowhere.md", "no such file"),
        ("other.md#nothing", "no such heading"),
        ("#nothing", "no such heading"),
        ("/other.md", "not relative"),
    ],
)
def test_a_link_that_leads_nowhere_is_found(tmp_path: Path, link: str, reason: str) -> None:
    page = tmp_path / "page.md"
    (tmp_path / "other.md").write_text("# Other\n\n## A part, with a comma\n")
    page.write_text(f"# Page\n\nSee [this]({link}).\n")
    assert reason in next(broken(page))


def test_good_links_and_links_in_code_are_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    (tmp_path / "other.md").write_text("# Other\n\n## A part, with a comma\n")
    page.write_text(
        "# Page\n\n[a](other.md#a-part-with-a-comma) [b](https://gone.example) [c](#page) `[d](no.md)`\n"
        "```\n[e](no.md)\n```\n"
    )
    assert list(broken(page)) == []
