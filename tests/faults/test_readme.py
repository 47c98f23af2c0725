"""What the README tells a newcomer to paste works as it stands."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.faults.site import Site

pytestmark = pytest.mark.xdist_group("faults")
README = Path(__file__).parent.parent.parent / "README.md"


def test_the_readmes_first_recharge_works_as_written(site: Site) -> None:
    block = re.search(r"```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    assert "http://127.0.0.1:8000/v1" in block.group(1)
    script = block.group(1).replace("http://127.0.0.1:8000", site.url)
    done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    login, sold, wallet, transactions, notices = done.stdout.strip().splitlines()
    assert "code" in login
    assert '"status":"active"' in sold
    assert '"balance":' in wallet
    assert '"category":"recharge"' in transactions
    assert '"items":' in notices
