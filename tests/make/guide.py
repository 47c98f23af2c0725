"""The documentation's site, built for a test."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent.parent
CONFIGURATION: Final = ROOT / "zensical.toml"
SITE_DIR: Final = tomllib.loads(CONFIGURATION.read_text(encoding="utf-8"))["project"]["site_dir"]


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    """Build the site in `folder` as `make docs-site` does."""
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def build_copy(folder: Path) -> Path:
    """A copy of the documentation in `folder`, and the folder of the site that was built from it."""
    shutil.copytree(ROOT / "docs", folder / "docs")
    shutil.copy(CONFIGURATION, folder)
    answer = build(folder)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return folder / str(SITE_DIR)
