"""The README's commands, pasted as they stand: three times in a row, as a reader who plays with them does."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_dev import Run, free_port

README = Path(__file__).parent.parent / "README.md"


@pytest.fixture
def short_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder with a path that is short enough for sockets."""
    folder = tmp_path_factory.mktemp("r")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def blocks() -> list[str]:
    """The shell blocks of the README, in their order."""
    return re.findall(r"^```sh\n(.*?)^```", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def test_every_block_works_however_often_it_is_pasted(short_folder: Path) -> None:
    port, sandbox_port = free_port(), free_port()
    run = Run(short_folder, port, sandbox_port)
    try:
        script = "\n".join(block for block in blocks() for _ in range(3))
        script = script.replace("127.0.0.1:8000", f"127.0.0.1:{port}")
        script = script.replace("127.0.0.1:8001", f"127.0.0.1:{sandbox_port}")
        terminal = subprocess.run(
            ["bash"], input=script, capture_output=True, text=True, timeout=120, check=False
        )
    finally:
        run.process.send_signal(signal.SIGINT)
        run.end()
    assert len(blocks()) >= 3
    assert terminal.stderr == ""
    problems = [
        line for line in terminal.stdout.splitlines() if '"request_id"' in line and '"detail"' in line
    ]
    assert problems == []
    assert terminal.stdout.count('"recharge_id"') >= 3
    assert terminal.stdout.count('"admin_id"') >= 3
