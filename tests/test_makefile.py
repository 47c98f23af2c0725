"""What `make` says on a machine that lacks something: one line with what to do, before anything is downloaded."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# `make test` leaves these in the environment; with them a make would take itself for a part of that one.
OF_MAKE = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKE_TERMOUT", "MAKE_TERMERR"}
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in OF_MAKE}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What `make setup` reads, and nothing that it has made."""
    for name in ("Makefile", "pyproject.toml", "requirements-dev.txt", "requirements-redis.txt"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def program(path: Path, script: str) -> Path:
    """An executable shell script."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def first_line(checkout: Path, python: object) -> str:
    answer = subprocess.run(
        ["make", "--no-print-directory", "setup", f"PYTHON={python}"],
        cwd=checkout,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert answer.returncode != 0
    assert not (checkout / ".venv").exists()
    return answer.stdout.splitlines()[0]


def test_no_python_is_said(checkout: Path) -> None:
    assert first_line(checkout, "python-nowhere") == (
        "python-nowhere is not installed: install Python 3.11 or newer"
    )


def test_an_old_python_is_said_with_its_version(checkout: Path) -> None:
    old = program(checkout / "old", '[ "$1" = -V ] && echo Python 3.9.2 || exit 1')
    assert first_line(checkout, old) == (
        f"Python 3.11 or newer is needed, {old} is Python 3.9.2: name another, make run PYTHON=python3.12"
    )


def test_no_pip_is_said_with_what_installs_it(checkout: Path) -> None:
    bare = program(checkout / "bare", f'[ "$1" = -m ] && exit 1 || exec {sys.executable} "$@"')
    assert first_line(checkout, bare) == (
        f"pip is missing: apt-get install python3-pip, or {bare} -m ensurepip"
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="root only: another user is needed, who may write nowhere")
def test_a_checkout_that_can_not_be_written_to_is_said() -> None:
    with tempfile.TemporaryDirectory(prefix="gencharge-test-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        for file in ("Makefile", "pyproject.toml", "requirements-dev.txt", "requirements-redis.txt"):
            shutil.copy(ROOT / file, folder)
        answer = subprocess.run(
            ["make", "--no-print-directory", "run", "PYTHON=python3"],
            cwd=folder,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=60,
            user="nobody",
            check=False,
        )
        assert answer.returncode != 0
        assert answer.stdout == (
            f"{folder} can't be written to, and .venv and .gencharge go there: clone to a folder of your own\n"
        )


# What uv is told, in the place of uv. It writes it on each call.
UV = """
{ echo "certificates $UV_SYSTEM_CERTS index $UV_DEFAULT_INDEX"; } >>"$(dirname "$0")/told"
case "$*" in "venv"*) mkdir -p .venv/bin; ln -sf "$(command -v python3)" .venv/bin/python;; esac
"""


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({}, "certificates true index https://pip.example/simple"),
        (
            {"PIP_INDEX_URL": "https://own.example/simple"},
            "certificates true index https://own.example/simple",
        ),
        (
            {"UV_DEFAULT_INDEX": "https://uv.example/simple"},
            "certificates true index https://uv.example/simple",
        ),
        ({"UV_SYSTEM_CERTS": "false"}, "certificates false index https://pip.example/simple"),
    ],
)
def test_uv_asks_the_index_of_pip_and_trusts_what_the_system_trusts(
    checkout: Path, variables: dict[str, str], line: str
) -> None:
    text = (checkout / "Makefile").read_text()
    stamp = re.search(r"^UV_VERSION := (.*)$", text, re.MULTILINE)
    assert stamp is not None
    programs = checkout / ".gencharge" / "tools" / "bin"
    programs.mkdir(parents=True)
    program(programs / "uv", UV)
    (programs.parent / f".uv-{stamp[1]}").touch()
    settings = checkout / "pip.conf"
    settings.write_text("[global]\nindex-url = https://pip.example/simple\n")
    inherited = {name: value for name, value in ENVIRONMENT.items() if not name.startswith(("PIP_", "UV_"))}
    subprocess.run(
        ["make", "--no-print-directory", "setup", f"PYTHON={sys.executable}"],
        cwd=checkout,
        env=inherited | {"PIP_CONFIG_FILE": str(settings)} | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert line in (programs / "told").read_text().splitlines()


def test_a_failed_download_is_said_at_the_end(checkout: Path) -> None:
    offline = program(
        checkout / "offline",
        f'[ "$2" = pip ] && {{ [ "$3" = --version ]; exit; }}; exec {sys.executable} "$@"',
    )
    answer = subprocess.run(
        ["make", "setup", f"PYTHON={offline}"],
        cwd=checkout,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert answer.returncode != 0
    assert answer.stdout.splitlines()[-1].startswith("The download failed, see above: is there a network?")


def test_the_bill_of_materials_names_what_the_lock_names_without_a_network(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("one.json", "two.json")]
    for file in files:
        command = ["make", "--no-print-directory", "--old-file=.venv/.stamp", "sbom", f"SBOM={file}"]
        # A request to the network would be refused.
        away = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
        subprocess.run(
            command, cwd=ROOT, env=ENVIRONMENT | away, check=True, capture_output=True, timeout=120
        )
    bill = json.loads(files[0].read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["name"] == "gencharge"
    lock = (ROOT / "requirements.txt").read_text()
    locked = set(re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)", lock, re.MULTILINE))
    assert {(part["name"], part["version"]) for part in bill["components"]} == locked
    assert all(part["externalReferences"][0]["hashes"] for part in bill["components"])
    assert files[0].read_bytes() == files[1].read_bytes()


BROWSER = ROOT / "web" / "browser"


def test_the_lock_of_the_browser_has_a_hash_of_each_package_and_names_no_registry() -> None:
    text = (BROWSER / "package-lock.json").read_text()
    assert "://" not in text
    packages = {name: package for name, package in json.loads(text)["packages"].items() if name}
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    named = json.loads((BROWSER / "package.json").read_text())["dependencies"]
    assert {name: packages[f"node_modules/{name}"]["version"] for name in named} == named
    settings = (BROWSER / ".npmrc").read_text()
    assert "omit-lockfile-registry-resolved=true" in settings
    assert "ignore-scripts=true" in settings


def test_without_npm_the_tests_run_and_say_that_those_in_the_browser_do_not(checkout: Path) -> None:
    shutil.copytree(BROWSER, checkout / "web" / "browser")
    programs = checkout / ".venv" / "bin"
    programs.mkdir(parents=True)
    program(programs / "npm", "echo no registry >&2; exit 1")
    program(programs / "python", 'echo "run: $*"')
    (checkout / ".venv" / ".stamp").touch()

    def make(*words: str) -> str:
        command = ["make", "--no-print-directory", "--old-file=.venv/.stamp", *words]
        answer = subprocess.run(
            command, cwd=checkout, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=True
        )
        return answer.stdout

    whole = make("test")
    assert "Without the browser of the tests: tests/web is skipped" in whole
    assert "run: -m pytest --workers" in whole
    # The tests of another room need none, and try to get none.
    assert "browser" not in make("test", "ROOM=wallet")


def test_npm_gives_a_registry_that_is_away_up_after_seconds_and_says_why(checkout: Path) -> None:
    (checkout / "web").mkdir()
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(ROOT / "web" / name, checkout / "web")
    programs = checkout / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("npm", "node"):
        (programs / name).symlink_to(ROOT / ".venv" / "bin" / name)
    (checkout / ".venv" / ".stamp").touch()
    began_at = time.monotonic()
    away = {"npm_config_registry": "http://127.0.0.1:9", "npm_config_cache": str(checkout / "cache")}
    answer = subprocess.run(
        ["make", "--no-print-directory", "--old-file=.venv/.stamp", "web/node_modules/.stamp"],
        cwd=checkout,
        env=ENVIRONMENT | away,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert answer.returncode != 0
    assert "ECONNREFUSED" in answer.stderr
    assert answer.stdout.splitlines()[-1].startswith("npm's registry did not answer, see above")
    # npm's own pauses alone take 70 s.
    assert time.monotonic() - began_at < 60
