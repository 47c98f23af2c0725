"""Which servers may run the application."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gencharge.api import main
from tests.core.test_settings import GOOD


def start(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    return subprocess.run(
        [sys.executable, *words],
        capture_output=True, text=True, timeout=60, cwd=folder, env=inherited | more,
    )  # fmt: skip


def test_production_is_served_by_our_own_command_only(tmp_path: Path) -> None:
    variables = {name.upper(): str(value) for name, value in GOOD.items()}
    answer = start(tmp_path, "-m", "uvicorn", "gencharge.api.main:app", "--port", "0", **variables)
    assert answer.returncode == 78, answer.stderr
    assert answer.stderr == (
        "gencharge.api.main:app: in production start the API with `gencharge serve`. Another server sets no deadlines "
        "for slow clients and no bound on connections.\n"
    )


def test_development_may_be_served_by_another_server(tmp_path: Path) -> None:
    answer = start(
        tmp_path, "-c", "from gencharge.api.main import app; print(app.title)", DATA_DIR=str(tmp_path)
    )
    assert (answer.returncode, answer.stdout) == (0, "GenCharge\n"), answer.stderr


def test_nothing_else_is_made_when_it_is_asked_for() -> None:
    with pytest.raises(AttributeError):
        _ = main.application
