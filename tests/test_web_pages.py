"""`web/`: its lock, its sizes, who imports whom, its component tests. Without npm's packages these are skipped: the API needs none."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.law.house import ROOT

WEB = ROOT / "web"
CONSOLE = WEB / "console"
BUILT = ROOT / "gencharge/api/static/console"
# Below all rooms: what every room may import.
BELOW = {"ui"}
ABOVE = {"frame"}
_IMPORT = re.compile(r"""(?:from|import)\s*\(?\s*["']([^"']+)["']""")

needs_packages = pytest.mark.skipif(
    not (WEB / "node_modules/.stamp").exists(), reason="npm's packages are not installed: `make web` says why"
)
needs_build = pytest.mark.skipif(
    not (BUILT / "size.json").exists(), reason="the console is not built: `make web` says why"
)


def rooms() -> list[str]:
    """The folders of the console that are rooms."""
    return sorted(path.name for path in CONSOLE.iterdir() if path.is_dir() and path.name not in BELOW | ABOVE)


def foreign_imports(room: str, sources: dict[str, str]) -> Iterator[str]:
    """What the files of a room import besides `shared`, `ui`, itself and libraries."""
    for name, source in sources.items():
        for target in _IMPORT.findall(source):
            is_for_tests = ".test." in name and target.startswith("../test_")
            if (
                target.startswith(("../", "#"))
                and not target.startswith(("#shared/", "#ui/"))
                and not is_for_tests
            ):
                yield (
                    f"web/console/{room}/{name} imports {target}: a room knows only shared, ui and itself. "
                    "What two rooms need belongs to ui; a link to another room is its path"
                )


def sources_of(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.ts*"))}


@pytest.mark.parametrize("room", rooms())
def test_a_room_of_the_console_imports_no_other_room(room: str) -> None:
    assert list(foreign_imports(room, sources_of(CONSOLE / room))) == []


def test_an_import_of_another_room_would_be_seen() -> None:
    planted = {
        "list.tsx": 'import { useUsers } from "../users/queries.ts";\nimport { x } from "#ui/list.ts";'
    }
    assert len(list(foreign_imports("recharge", planted))) == 1


def test_the_controls_and_what_is_shared_know_no_room() -> None:
    for folder in (CONSOLE / "ui", WEB / "shared"):
        for name, source in sources_of(folder).items():
            for target in _IMPORT.findall(source):
                assert not re.match(rf"\.\./({'|'.join([*rooms(), *ABOVE])})/", target), f"{name}: {target}"


@pytest.mark.parametrize("room", rooms())
def test_a_room_of_the_console_has_its_messages_in_both_languages(room: str) -> None:
    assert {"routes.tsx", "messages.en.ts", "messages.hi.ts"} <= set(sources_of(CONSOLE / room))


def test_no_file_is_too_long() -> None:
    for path in [*WEB.glob("shared/*.ts"), *CONSOLE.rglob("*.ts"), *CONSOLE.rglob("*.tsx")]:
        if path.name != "schema.d.ts":
            assert path.read_text(encoding="utf-8").count("\n") <= 350, path


def test_the_lock_names_no_registry_and_each_package_has_its_hash() -> None:
    lock = json.loads((WEB / "package-lock.json").read_text(encoding="utf-8"))
    for name, package in lock["packages"].items():
        assert "resolved" not in package, name
        assert name == "" or package["integrity"].startswith("sha512-"), name
    assert "omit-lockfile-registry-resolved=true" in (WEB / ".npmrc").read_text(encoding="utf-8")


def test_versions_are_exact() -> None:
    package = json.loads((WEB / "package.json").read_text(encoding="utf-8"))
    for kind in ("dependencies", "devDependencies", "optionalDependencies"):
        for name, version in package[kind].items():
            assert re.fullmatch(r"\d+\.\d+\.\d+", version), name


@needs_build
def test_the_first_page_is_small() -> None:
    size = json.loads((BUILT / "size.json").read_text(encoding="utf-8"))
    assert 20_000 < size["first_page_js_bytes"] <= size["budget_bytes"] == 180_000


@needs_build
def test_the_built_page_asks_nobody_outside_and_has_no_inline_script() -> None:
    page = (BUILT / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//", page)
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert "<style" not in page


@needs_packages
def test_the_components_do_what_their_tests_say() -> None:
    path = os.pathsep.join([str(ROOT / ".venv/bin"), os.environ["PATH"]])
    answer = subprocess.run(
        ["node", "node_modules/vitest/vitest.mjs", "run", "--config", "vite.console.ts"],
        cwd=WEB,
        env={**os.environ, "PATH": path, "NO_COLOR": "1", "CI": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout[-6_000:] + answer.stderr[-2_000:]
    assert re.search(r"Tests\s+\d+ passed", answer.stdout)
