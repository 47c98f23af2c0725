"""clients/typescript: its own tests, and its example program against running servers. Takes Node and `npm ci` in that folder."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients.conftest import endpoint_of
from tests.faults.site import Site

FOLDER = Path(__file__).parents[2] / "clients" / "typescript"
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(
    NODE is None or not (FOLDER / "node_modules" / "typescript").exists(),
    reason="takes Node 20 and `npm ci` in clients/typescript, and the suite needs no network",
)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(NODE), *command], cwd=FOLDER, capture_output=True, encoding="utf-8", timeout=300, check=False
    )


@pytest.fixture(scope="module")
def built() -> None:
    done = run("node_modules/typescript/bin/tsc")
    assert done.returncode == 0, done.stdout


@pytest.mark.usefixtures("built")
def test_it_compiles_strictly_and_its_own_tests_pass() -> None:
    done = run("--test", "dist/tests/")
    assert done.returncode == 0, done.stdout[-3_000:]
    assert "# pass 7" in done.stdout


@pytest.mark.usefixtures("built")
def test_the_example_recharges_and_gets_the_message(site: Site) -> None:
    endpoint = endpoint_of(site)
    done = run(
        *("dist/examples/recharge.js", site.url, "+919000001011", "111111"),
        *(str(endpoint.port), endpoint.secret),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "recharge.delivered" in done.stdout
