"""The commands of the README and the guides, pasted as they stand, more than once, as a reader who plays with them does."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gencharge.core.settings import Settings
from tests.test_dev import Run, free_port

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
TUTORIAL = ROOT / "docs" / "tutorial.md"
OPERATOR = ROOT / "docs" / "how-to" / "add-an-operator.md"
GATEWAY = ROOT / "docs" / "how-to" / "connect-a-gateway.md"
DEPLOY = ROOT / "docs" / "how-to" / "deploy.md"
AUTOPAY = ROOT / "docs" / "how-to" / "autopay.md"
SANDBOX = ROOT / "docs" / "SANDBOX.md"


class Installation(Run):
    """`gencharge dev` in the background, with its ports."""

    def __init__(self, folder: Path) -> None:
        self.port, self.sandbox_port = free_port(), free_port()
        super().__init__(folder, self.port, self.sandbox_port)


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    """A running installation, in a data folder with a path that is short enough for sockets.

    Not in pytest's own folder: each run of pytest by root closes that to others, and PostgreSQL does not run as root.
    """
    folder = Path(tempfile.mkdtemp(prefix="gencharge-test-"))
    run = Installation(folder)
    try:
        yield run
    finally:
        run.process.send_signal(signal.SIGINT)
        run.end()
        shutil.rmtree(folder, ignore_errors=True)


def blocks(page: Path) -> list[str]:
    """The shell blocks of a page that a reader is to paste, in their order."""
    return re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def paste(run: Installation, page: Path, times: int = 3) -> str:
    """What a terminal in the checkout prints for each block of the page, pasted `times` in a row."""
    script = "\n".join(block for block in blocks(page) for _ in range(times))
    script = script.replace("127.0.0.1:8000", f"127.0.0.1:{run.port}")
    script = script.replace("127.0.0.1:8001", f"127.0.0.1:{run.sandbox_port}")
    script = script.replace("/tmp/receipt.pdf", str(run.folder / "receipt.pdf"))
    script = script.replace(". .gencharge/secrets.env", f". {run.folder}/secrets.env")
    return in_terminal(run, script)


def in_terminal(run: Installation, script: str) -> str:
    """What a terminal in the checkout prints for a script, none of it a problem."""
    settings = {"PORT": str(run.port), "SANDBOX_PORT": str(run.sandbox_port), "DATA_DIR": str(run.folder)}
    terminal = subprocess.run(
        ["bash"],
        input=script,
        cwd=ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert terminal.stderr == ""
    problems = [line for line in terminal.stdout.splitlines() if '"request_id"' in line and "detail" in line]
    assert problems == []
    assert '"errors":' not in terminal.stdout
    return terminal.stdout


def test_the_readme(installation: Installation) -> None:
    output = paste(installation, README)
    assert output.count('"recharge_id"') == 3
    assert output.count('"balance"') >= 3


@pytest.mark.parametrize("times", [1, pytest.param(2, marks=pytest.mark.soak)])
def test_the_tutorial(installation: Installation, times: int) -> None:
    output = paste(installation, TUTORIAL, times=times)
    # What the page says of the number and of the balance: an offer gives ten rupees of the 299 back.
    assert '"known_by": "registry"' in output
    assert '"cashback": 10.0' in output
    assert output.count('"status": "failed"') == times
    assert output.count('"failure_reason": "declined_by_operator"') == times
    assert output.count('"status": "refunded"') == times
    assert output.count("the books balance") == times
    assert "FAILED" not in output
    assert (installation.folder / "receipt.pdf").read_bytes().startswith(b"%PDF")


def test_adding_an_operator(installation: Installation) -> None:
    output = paste(installation, OPERATOR, times=1)
    assert '"total_paid": 199.0' in output
    # Two seconds later: delivered, or on its way on a busy machine.
    assert re.search(r'"status": "(?:active|processing)",\s+"phone_number"', output), output[-2000:]


def test_autopay_from_the_wallet_and_by_mandate(installation: Installation) -> None:
    output = paste(installation, AUTOPAY, times=1)
    # A plan by each method, any amount, and a postpaid number's bills.
    assert output.count('"every"') == 4
    assert output.count('"payment_method": "wallet"') == 3
    assert output.count('"payment_method": "mandate"') == output.count('"kind": "bill"') == 1


def code_blocks(page: Path, after: str) -> list[str]:
    """The shell blocks of a page after a heading, those for a production server as well."""
    text = page.read_text(encoding="utf-8")
    return re.findall(r"^```(?:sh|bash)\n(.*?)^```", text[text.index(after) :], re.DOTALL | re.MULTILINE)


# What production has and a test has not: the installed command of login, a person with an app, and one who pays.
LOGIN = re.compile(r"\$\(cd /etc/gencharge && sudo -u gencharge \S+ login (\d+)\)")
SAMPLES = {"9876543210": "9000000003", "9812345678": "9000001031"}
SIX_DIGITS = "read -rp 'Six digits: ' OTP\n"
APP = """OTP=$(.venv/bin/python -c "import pyotp, time; print(pyotp.TOTP('$SECRET').at(time.time() + {later}))")\n"""
KEEP = """ | tee -a {log}; {name}=$(grep -o '"{field}": *"[^"]*' {log} | tail -n 1 | cut -d'"' -f4)\n"""
PAID = """curl -sS $SANDBOX/sandbox/orders/$ORDER/pay -H 'Content-Type: application/json' -d '{"outcome": "succeed"}'
for second in $(seq 60); do me "$API/payments?limit=1" | grep -q '"status": "captured"' && break; sleep 1; done
"""


def test_connecting_a_gateway_by_a_first_admin_with_a_second_factor(installation: Installation) -> None:
    """As in production, but that the sandbox plays the gateway and the test plays the people."""
    log = installation.folder / "pasted"

    def with_variable(block: str, name: str, field: str) -> str:
        return block.rstrip("\n") + KEEP.format(log=log, name=name, field=field)

    set_up, confirm = code_blocks(DEPLOY, "## Sign in as the first admin")[:2]
    sign_in, top_up, look, step_up, refund = code_blocks(GATEWAY, "## 2. Pay once")[:5]
    script = "".join(
        (
            f"SANDBOX=http://127.0.0.1:{installation.sandbox_port}\n",
            with_variable(set_up, "SECRET", "secret"),
            confirm.replace(SIX_DIGITS, APP.format(later=0)),
            sign_in,
            with_variable(top_up, "ORDER", "order_id"),
            PAID,
            look,
            # A code counts once, so this is the app's next.
            step_up.replace(SIX_DIGITS, APP.format(later=30)),
            refund,
        )
    )
    script, logins = LOGIN.subn(lambda match: f"$(.venv/bin/gencharge login {SAMPLES[match[1]]})", script)
    assert logins == 3
    for host in ("https://recharge.example.in", "https://YOUR_HOST"):
        script = script.replace(host, f"http://127.0.0.1:{installation.port}")
    output = in_terminal(installation, script)
    assert '"recovery_codes"' in output
    assert '"status": "captured"' in output
    assert '"balance"' in output
    assert '"refund_id"' in output


@pytest.mark.parametrize("page", [GATEWAY, DEPLOY], ids=lambda page: page.stem)
def test_a_setting_that_a_guide_names_is_one(page: Path) -> None:
    settings = set(
        re.findall(r"^(PAYMENT_[A-Z_]+|ENVIRONMENT)=", page.read_text(encoding="utf-8"), re.MULTILINE)
    )
    settings |= set(re.findall(r"^\| `([A-Z_]{4,})` \|", page.read_text(encoding="utf-8"), re.MULTILINE))
    existing = {name.upper() for name in Settings.model_fields}
    assert settings
    assert settings <= existing, settings - existing


def test_the_sandbox(installation: Installation) -> None:
    output = paste(installation, SANDBOX, times=2)
    assert '"error"' not in output
    assert output.count('"entity":"refund"') == 2
    # The same reference twice is one delivery, asked about each time.
    assert output.count('"reference":"rc-1"') == 4
    assert output.count('"reference":"rc-1"') == output.count('"status":"success"')
    assert output.count('"speed":1.0') == 2


def test_the_readme_fits_a_screen_and_its_pictures_are_small() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 70
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README.read_text(encoding="utf-8"))
    assert len(pictures) >= 2
    for picture in pictures:
        assert (ROOT / picture).stat().st_size < 200_000, picture
        # The script that takes them knows each one, or for those of the console the test that does.
        name = Path(picture).stem
        page = name.removeprefix("console-")
        taken = "docs/images/make.sh" if page == name else "tests/web/console/test_rooms.py"
        assert (name if page == name else f'"{page}": "') in (ROOT / taken).read_text(encoding="utf-8")
