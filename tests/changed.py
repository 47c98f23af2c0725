"""`pytest --changed`: the tests of the files that differ from the main branch, and the rules of the house."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Collection
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parent.parent
ALWAYS = ("tests/law/",)
# What a change in a file of a room breaks elsewhere in it shows here first.
BESIDE = ("test_routes.py", "test_staff_routes.py")
# Where the tests of a folder or file stand, if not in the folder of the same name. The first that fits counts.
ELSEWHERE = (
    ("gencharge/run/reference/", "tests/test_reference.py"),
    ("gencharge/run/", "tests/test_dev.py", "tests/test_stopping.py", "tests/test_embedded.py"),
    ("gencharge/api/", "tests/test_docs.py", "tests/test_guide.py", "tests/test_web.py"),
    ("gencharge/wiring.py", "tests/test_wiring.py"),
    ("README.md", "tests/test_readme.py"),
    ("docs/", "tests/test_docs.py", "tests/test_guide.py", "tests/test_reference.py", "tests/test_readme.py"),
    ("zensical.toml", "tests/test_guide.py"),
    ("deploy/", "tests/test_deploy.py"),
    ("bench/", "tests/test_bench.py"),
    ("scale/", "tests/test_scale.py"),
    ("life/", "tests/test_life.py"),
    ("sandbox/", "tests/sandbox/"),
    ("web/browser/", "tests/web/test_visitor.py", "tests/test_makefile.py"),
    ("tests/make/browser.py", "tests/web/test_visitor.py"),
)
# What a room says in another language.
_TEXTS = re.compile(r"gencharge/\w+/texts/\w+\.toml")


def changed_files() -> list[str]:
    """What was changed, added or deleted since this branch left main, with what is not committed yet."""

    def git(*words: str) -> list[str]:
        answer = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
        return answer.stdout.splitlines() if answer.returncode == 0 else []

    base = next(
        (ancestor[0] for name in ("origin/main", "main") if (ancestor := git("merge-base", name, "HEAD"))),
        "HEAD",
    )
    return sorted({*git("diff", "--name-only", base), *git("ls-files", "--others", "--exclude-standard")})


def tests_of(path: str) -> tuple[str, ...]:
    """The test files and folders (these end in `/`) that a changed file calls for."""
    if _TEXTS.fullmatch(path):
        return ("tests/law/test_texts.py",)
    for start, *tests in ELSEWHERE:
        if path.startswith(start):
            return tuple(tests)
    parts = PurePosixPath(path).parts
    if parts[0] == "tests" and parts[-1].startswith("test_"):
        return (path,)
    if parts[0] == "tests" and len(parts) > 2 and parts[1] == "make":
        return (f"tests/{PurePosixPath(path).stem}/",)
    if parts[0] == "gencharge" and len(parts) > 2:
        return _mirror(parts[1], PurePosixPath(path).stem) or (f"tests/{parts[1]}/",)
    return (f"tests/{parts[1]}/",) if parts[0] == "tests" and len(parts) > 2 else ()


def own_tests(path: str) -> tuple[str, ...]:
    """The one test file of a file; what a change breaks shows here first, most of the time."""
    files = [place for place in tests_of(path) if not place.endswith("/")]
    return tuple(files[:1])


def _mirror(room: str, stem: str) -> tuple[str, ...]:
    """The tests of one file of a room, and those of its routes; nothing if the file has none of its own."""
    own, *beside = (f"tests/{room}/{name}" for name in (f"test_{stem}.py", *BESIDE))
    if not (ROOT / own).exists():
        return ()
    return (own, *(path for path in beside if path != own and (ROOT / path).exists()))


def selected(test_file: str, places: Collection[str]) -> bool:
    """Whether a test file is one of those, or in one of those folders."""
    return any(
        test_file == place or (place.endswith("/") and test_file.startswith(place)) for place in places
    )


def first_places() -> set[str]:
    """The test files of the changed files, which one process runs in seconds."""
    return {place for path in changed_files() for place in own_tests(path)}


def places_to_test() -> set[str]:
    """All that the changed files call for."""
    return {*ALWAYS, *(place for path in changed_files() for place in tests_of(path))}
