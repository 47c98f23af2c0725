"""`pytest --workers`: every test runs once, in a process that other files do not disturb, and is reported as without workers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.workers import LONG_FILES, seconds_of_files, units

ROOT = Path(__file__).parent.parent
MANY = """
import os, pathlib, pytest, time, warnings
here = pathlib.Path(__file__)

@pytest.fixture(scope="module")
def end():
    yield
    with (here.parent / "ends").open("a") as file:
        file.write(here.stem + "\\n")

def note(number):
    with (here.parent / "ran").open("a") as file:
        file.write(f"{here.stem} {number} {os.getpid()}\\n")

@pytest.mark.parametrize("number", range(3))
def test_one(end, number, worker_id, tmp_path):
    note(number)
    assert tmp_path.parent.name == worker_id
    time.sleep(0.05)
"""
WRONG = """
import os, pytest, signal, warnings

def test_fails():
    print("printed by a worker")
    assert 1 == 2

@pytest.mark.skip(reason="not now")
def test_is_skipped():
    pass

def test_warns():
    warnings.warn("look here")

def test_dies():
    os.kill(os.getpid(), signal.SIGKILL)

def test_runs_after_a_death():
    pass
"""


def command(folder: Path, *options: str) -> list[str]:
    plugins = ("-p", "tests.workers", "-p", "no:cacheprovider", "-c", "/dev/null")
    return [sys.executable, "-m", "pytest", *plugins, "--rootdir", str(folder), *options, str(folder)]


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the tests of a folder as a run of its own."""
    return subprocess.run(
        command(folder, *options), cwd=ROOT, env=own(), capture_output=True, text=True, timeout=240
    )


def own() -> dict[str, str]:
    """An environment without what the outer run has set. Installed plugins take as long to load as all else, and none is used."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return inherited | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def write(folder: Path, **files: str) -> Path:
    for name, source in files.items():
        (folder / f"test_{name}.py").write_text(source)
    return folder


def lines(path: Path) -> list[list[str]]:
    return [line.split() for line in path.read_text().splitlines()]


def test_each_test_runs_once_and_a_file_in_one_process(tmp_path: Path) -> None:
    write(tmp_path, a=MANY, b=MANY, c=MANY, d=MANY)
    outcome = run(tmp_path, "--workers", "2")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "12 passed" in outcome.stdout
    assert re.search(r"The workers ended after \d+, \d+ s", outcome.stdout)
    ran = lines(tmp_path / "ran")
    assert sorted((file, number) for file, number, _ in ran) == [
        (f"test_{name}", str(number)) for name in "abcd" for number in range(3)
    ]
    files = {(file, process) for file, _, process in ran}
    assert len(files) == 4
    assert len({process for _, process in files}) == 2
    assert sorted(lines(tmp_path / "ends")) == [[f"test_{name}"] for name in "abcd"]


def test_what_goes_wrong_is_told_as_without_workers(tmp_path: Path) -> None:
    write(tmp_path, right=MANY, wrong=WRONG)
    outcome = run(tmp_path, "--workers", "2", "-rs")
    assert outcome.returncode == 1
    assert "2 failed, 5 passed, 1 skipped, 1 warning" in outcome.stdout
    for words in (
        "assert 1 == 2",
        "printed by a worker",
        "not now",
        "look here",
        "was killed by SIGKILL; it ran, or had just run, test_wrong.py::test_dies",
    ):
        assert words in outcome.stdout
    assert outcome.stderr == ""


def test_a_run_that_stops_at_the_first_failure_ends_its_fixtures(tmp_path: Path) -> None:
    # A worker asks for its next file before the last test of one: with a single test it could take both files.
    slow = MANY.replace("sleep(0.05)", "sleep(60)").replace("range(3)", "range(2)")
    write(tmp_path, slow=slow, wrong=WRONG.replace("def test_fails():", "def test_fails(worker_id):"))
    began_at = time.monotonic()
    outcome = run(tmp_path, "--workers", "2", "-x")
    assert outcome.returncode == 1
    assert "stopping after 1 failures" in outcome.stdout
    assert time.monotonic() - began_at < 55
    assert (tmp_path / "ends").exists() is (tmp_path / "ran").exists()


def test_a_run_that_is_interrupted_ends_its_fixtures(tmp_path: Path) -> None:
    write(tmp_path, a=MANY.replace("0.05", "60"), b=MANY.replace("0.05", "60"))
    # A shell without job control starts what runs in its background with SIGINT ignored.
    words = ["env", "--default-signal=INT", *command(tmp_path, "--workers", "2")]
    process = subprocess.Popen(words, cwd=ROOT, env=own(), text=True, stdout=-1)
    deadline = time.monotonic() + 120
    while not (tmp_path / "ran").exists() or len(lines(tmp_path / "ran")) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=50)
    assert process.returncode == 2
    assert "KeyboardInterrupt" in output
    assert sorted(lines(tmp_path / "ends")) == [["test_a"], ["test_b"]]


def test_no_worker_outlives_a_run_that_is_killed(tmp_path: Path) -> None:
    write(tmp_path, a=MANY.replace("0.05", "60"))
    process = subprocess.Popen(command(tmp_path, "--workers", "1"), cwd=ROOT, env=own(), stdout=-3)
    deadline = time.monotonic() + 120
    while not (tmp_path / "ran").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    worker = int(lines(tmp_path / "ran")[0][2])
    process.kill()
    process.wait()
    while Path(f"/proc/{worker}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_longest_files_go_first() -> None:
    items = [SimpleNamespace(nodeid=f"tests/test_{name}.py::{test}") for name in "abc" for test in "xy"]
    seconds = {"tests/test_b.py": 9.0, "tests/test_c.py": 30.0}
    assert units(items, seconds) == [[4, 5], [2, 3], [0, 1]]


def test_files_that_share_a_fixture_of_their_folder_stay_together(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "__init__.py").touch()
    (tmp_path / "shared" / "conftest.py").write_text(
        "import os, pytest\n@pytest.fixture(scope='package')\ndef made():\n    print(os.getpid())\n"
    )
    for name in ("a", "b"):
        (tmp_path / "shared" / f"test_{name}.py").write_text("def test_one(made): assert False\n")
    outcome = run(tmp_path, "--workers", "2")
    assert "2 failed" in outcome.stdout
    # One worker, which made it once.
    assert re.search(r"The workers ended after \d+ s", outcome.stdout)
    assert outcome.stdout.count("Captured stdout setup") == 1


def test_the_list_names_files_that_there_are() -> None:
    listed = seconds_of_files()
    assert listed, f"{LONG_FILES.name} is empty"
    assert [path for path in listed if not (ROOT / path).exists()] == []


def test_a_debugger_needs_the_tests_in_one_process(tmp_path: Path) -> None:
    write(tmp_path, a=MANY)
    outcome = run(tmp_path, "--workers", "2", "--pdb")
    assert outcome.returncode == 4
    assert "--pdb needs the tests in this process: --workers 0" in outcome.stderr + outcome.stdout


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers are forked; on Linux only")
