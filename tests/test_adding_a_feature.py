"""`docs/ADDING_A_FEATURE.md` is true: its room is built in a copy of the package, where it starts and keeps the law."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.law.house import PACKAGES, ROOT

PAGE = (ROOT / "docs" / "ADDING_A_FEATURE.md").read_text(encoding="utf-8")
# A path in backticks, words to the end of its paragraph, and the block that is in the file.
_FILE = re.compile(
    r"`((?:gencharge|tests)/[\w/.]+\.(?:py|toml))`(?:(?!\n\n)[^\n]|\n(?!\n))*\n\n```(?:python|toml)\n(.*?)```",
    re.DOTALL,
)
_CHANGE = re.compile(r"`((?:gencharge|tests)/[\w/.]+\.py)`:\n\n```diff\n-(.*?)\n\+(.*?)\n```")
_NAMED = re.compile(r"`((?:gencharge|tests)/[\w/.]+\.\w+)`")
SUITE = (
    "tests/law/test_floors.py",
    "tests/law/test_files.py",
    "tests/law/test_doors.py",
    "tests/law/test_mirror.py",
    "tests/law/test_names.py",
    "tests/law/test_texts.py",
    "tests/test_wiring.py",
    "tests/law/test_tables.py::test_migrations_and_models_describe_the_same_schema",
    "tests/law/test_tables.py::test_every_table_has_its_owner_first_and_unique_within_the_owner",
    "tests/feedback",
)
# That the rules catch what breaks them is shown outside the copy, once.
RULES_THEMSELVES = ("catches_what_breaks_it", "is_allowed_is_not_caught", "breaks_a_convention_is_found")


def build(copy: Path) -> None:
    """A copy of the package with the room of the page in it, and the one line in `wiring.py`."""
    for folder in (*PACKAGES, "tests"):
        # With what Python has compiled, which is good for a copy with the same times: to compile it takes seconds.
        shutil.copytree(ROOT / folder, copy / folder)
    for file in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / file, copy)
    (copy / "docs").mkdir()
    newest = max(path.name[:4] for path in (copy / "gencharge/migrations/versions").glob("[0-9]*.py"))
    number = f"{int(newest) + 1:04d}"
    for path, source in _FILE.findall(PAGE):
        file = copy / path.replace("NNNN", number)
        assert not file.exists(), f"{path} is not new"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source.replace("NNNN", number).replace("MMMM", newest), encoding="utf-8")
    changes = _CHANGE.findall(PAGE)
    assert [path for path, _, _ in changes] == ["gencharge/wiring.py"], "a new room is one line of wiring.py"
    for path, old, new in changes:
        before = (copy / path).read_text(encoding="utf-8")
        assert before.count(f"{old}\n") == 1, f"the page changes a line that {path} does not have: {old}"
        (copy / path).write_text(before.replace(old, new), encoding="utf-8")


def run(copy: Path, *what: str) -> subprocess.CompletedProcess[str]:
    """Run tests in the copy, on the servers of this run."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *what],
        cwd=copy,
        env=environment | {"PYTHONPATH": str(copy), "GENCHARGE_TEST_INNER": "inner"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package with the room."""
    folder = tmp_path_factory.mktemp("house")
    build(folder)
    return folder


def test_the_room_of_the_page_starts_answers_and_keeps_the_law(copy: Path) -> None:
    outcome = run(copy, *SUITE, "-k", " and ".join(f"not {words}" for words in RULES_THEMSELVES))
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_without_its_line_in_wiring_the_room_does_nothing(copy: Path) -> None:
    wiring = copy / "gencharge/wiring.py"
    wired = wiring.read_text(encoding="utf-8")
    wiring.write_text(wired.replace(', "feedback"', ","), encoding="utf-8")
    try:
        outcome = run(copy, "tests/feedback", "tests/law/test_floors.py")
    finally:
        wiring.write_text(wired, encoding="utf-8")
    assert outcome.returncode == 1
    assert "assert 404 == 401" in outcome.stdout
    assert "'feedback' stands on no floor" in outcome.stdout


def test_every_file_that_the_page_names_is_there(copy: Path) -> None:
    named = {path for path in _NAMED.findall(PAGE) if "NNNN" not in path}
    assert len(named) > 15
    assert [path for path in sorted(named) if not (copy / path).exists()] == []
