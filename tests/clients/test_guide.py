"""The guide for integrators shows code of the example programs, which the tests of the clients run against real servers."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "how-to" / "build-on-the-api.md"
PROGRAMS = {
    "python": ROOT / "clients" / "python" / "examples" / "recharge.py",
    "typescript": ROOT / "clients" / "typescript" / "examples" / "recharge.ts",
}


def foreign(guide: str) -> list[str]:
    """The blocks of code that are in no program, whatever they are indented by, or in an unknown language."""
    blocks = re.findall(r"```(\w*)\n(.*?)```", guide, re.DOTALL)
    return [code for language, code in blocks if not _is_in(language, code)]


def _is_in(language: str, code: str) -> bool:
    if language not in PROGRAMS:
        return False
    program = PROGRAMS[language].read_text(encoding="utf-8")
    indents = {len(line) - len(line.lstrip(" ")) for line in program.splitlines()}
    return any(textwrap.indent(code, " " * indent) in program for indent in indents)


def test_the_guide_shows_code_that_is_run() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    assert foreign(guide) == []
    for language in PROGRAMS:
        assert guide.count(f"```{language}") >= 5


def test_code_that_no_program_has_is_found() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    assert len(foreign(guide.replace("client.send_code(", "client.ask_code("))) == 1
    assert foreign("```bash\nls\n```") == ["ls\n"]


def test_each_step_of_the_guide_is_in_both_languages() -> None:
    steps = GUIDE.read_text(encoding="utf-8").split("\n## ")[1:]
    assert len(steps) == 5
    for step in steps:
        assert [f"```{language}" in step for language in PROGRAMS] == [True, True], step.splitlines()[0]
