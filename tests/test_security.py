"""`docs/SECURITY.md`: every check has its row, and every test that a row names is there."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import FastAPI
from pydantic import StringConstraints, TypeAdapter, ValidationError

from gencharge.recharge.schemas import Subscribe

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "SECURITY.md").read_text(encoding="utf-8")
ROWS = {
    int(number): (state, tests)
    for number, state, tests in re.findall(
        r"^\| (\d+) \| [^|]+ \| ([^|]+) \| ([^|]*) \|$", PAGE, re.MULTILINE
    )
}
STATES = ("holds", "partly: ", "open: ", "not built: ")
PATIENCE_SECONDS = 0.5


def test_each_of_the_66_checks_has_one_row() -> None:
    assert sorted(ROWS) == list(range(1, 67))
    for number, (state, tests) in ROWS.items():
        assert state == "holds" or state.startswith(STATES[1:]), number
        assert tests or not state.startswith(("holds", "partly")), number


def _claimed() -> list[str]:
    """The tests that the claims beside the checks name."""
    section = PAGE.split("## Claim by claim")[1].split("\n## ")[0]
    rows = re.findall(r"^\| [^|]+ \| (`[^|]+) \|$", section, re.MULTILINE)
    assert len(rows) > 60
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


def test_every_test_that_a_row_names_is_there() -> None:
    named = [name for _, tests in ROWS.values() for name in re.findall(r"`([^`]+)`", tests)] + _claimed()
    assert len(named) > 160
    for name in named:
        path, _, function = name.partition("::")
        source = (ROOT / "tests" / path).read_text(encoding="utf-8")
        # A name without a function is a whole file.
        assert not function or re.search(rf"^(async )?def {function}\(", source, re.MULTILINE), name


def patterns_in(node: Any) -> set[str]:
    """Every pattern of an OpenAPI document."""
    if isinstance(node, dict):
        own = {node["pattern"]} if isinstance(node.get("pattern"), str) else set()
        return own.union(*map(patterns_in, node.values()))
    return set().union(*map(patterns_in, node)) if isinstance(node, list) else set()


def test_no_pattern_of_the_api_takes_long(app: FastAPI) -> None:
    patterns = patterns_in(app.openapi())
    assert len(patterns) > 10
    for pattern in patterns:
        checked: TypeAdapter[str] = TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)])
        for text in ("a" * 100_000, "0" * 100_000 + "!", "a-" * 50_000 + " ", "+" * 100_000):
            started = time.process_time()
            with suppress(ValidationError):
                checked.validate_python(text)
            assert time.process_time() - started < PATIENCE_SECONDS, pattern


# An amount may be named, for a plan that is sold for any amount: `recharge/test_checkout_service.py` says for which.
@pytest.mark.parametrize("name", ["price", "discount", "payable", "user_id", "status", "commission"])
def test_nobody_names_the_price_of_a_sale(name: str) -> None:
    body = {
        "phone_number": "9876543210",
        "plan_id": "0198c0de-0000-7000-8000-000000000000",
        "payment_method": "wallet",
        "source": "web",
    }
    Subscribe.model_validate(body)
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Subscribe.model_validate(body | {name: 1})


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-redis.txt"])
def test_every_package_is_locked_by_its_hash(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    packages = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert packages
    for line in packages:
        assert re.match(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==\S+ .*--hash=sha256:[0-9a-f]{64}", line), line
