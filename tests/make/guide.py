"""The documentation's site, built for tests: once in a run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

from filelock import FileLock

ROOT: Final = Path(__file__).parent.parent.parent
CONFIGURATION: Final = ROOT / "zensical.toml"
SITE_DIR: Final = tomllib.loads(CONFIGURATION.read_text(encoding="utf-8"))["project"]["site_dir"]


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    """Build the site in `folder` as `make docs-site` does."""
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def built_once() -> Path:
    """The folder of the site, built from a copy of the documentation for the first test of this run that asks. Nobody changes it."""
    run = Path(os.environ["GENCHARGE_TEST_SERVERS"])
    folder = run / "guide"
    with FileLock(run / "guide.lock"):
        if not folder.exists():
            draft = run / "guide-draft"
            shutil.rmtree(draft, ignore_errors=True)
            shutil.copytree(ROOT / "docs", draft / "docs")
            shutil.copy(CONFIGURATION, draft)
            answer = build(draft)
            assert answer.returncode == 0, answer.stdout + answer.stderr
            draft.rename(folder)
    return folder / str(SITE_DIR)
