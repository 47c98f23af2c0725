"""Which servers may run the application."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gencharge.api import main
from tests.core.test_settings import GOOD
from tests.make import fork_server


def test_production_is_served_by_our_own_command_only(tmp_path: Path) -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    variables = {
        name.upper(): value if isinstance(value, str) else json.dumps(value) for name, value in GOOD.items()
    }
    answer = fork_server.run(
        *("gencharge.api.main:app", "--port", "0"),
        program="uvicorn",
        folder=tmp_path,
        environment=inherited | variables,
        timeout=60,
    )
    assert answer.returncode == 78, answer.stderr
    assert answer.stderr == (
        "gencharge.api.main:app: in production start the API with `gencharge serve`. Another server sets no deadlines "
        "for slow clients and no bound on connections.\n"
    )


def test_development_may_be_served_by_another_server(tmp_path: Path) -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    answer = subprocess.run(
        [
            sys.executable,
            "-c",
            "from gencharge.core import loading; loading.begin(); from gencharge.api.main import app; print(app.title)",
        ],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env=inherited | {"DATA_DIR": str(tmp_path)},
    )
    assert (answer.returncode, answer.stdout) == (0, "GenCharge\n"), answer.stderr


def test_nothing_else_is_made_when_it_is_asked_for() -> None:
    with pytest.raises(AttributeError):
        _ = main.application
