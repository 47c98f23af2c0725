"""The fixed code of development."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import httpx
import pytest
import structlog
from fastapi import FastAPI
from hypothesis import example, given
from hypothesis import strategies as st

from gencharge.auth import development
from gencharge.auth.codes import codes_of, random_code
from gencharge.auth.development import fixed_codes
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from tests.auth.conftest import Phones, assert_problem
from tests.make import factories
from tests.make.auth import _ask, _give


@example(8_999_999_999)
@example(9_000_000_000)
@example(9_000_009_999)
@example(9_000_010_000)
@given(st.integers(min_value=6_000_000_000, max_value=9_999_999_999))
def test_the_fixed_code_is_for_the_reserved_block_only(number: int) -> None:
    settings = Settings(_env_file=None, environment="test", dev_fixed_otp="111111")  # type: ignore[call-arg]
    codes = fixed_codes(settings, lambda _number: "random")
    assert codes(f"+91{number}") == ("111111" if 9_000_000_000 <= number <= 9_000_009_999 else "random")


def test_without_the_setting_and_in_production_there_is_no_fixed_code() -> None:
    settings = Settings(_env_file=None, environment="test")  # type: ignore[call-arg]
    assert codes_of(settings) is random_code
    production = settings.model_copy(update={"environment": "production", "dev_fixed_otp": "111111"})
    with pytest.raises(ValueError, match="production"):
        codes_of(production.model_copy(update={"environment": type(settings.environment)("production")}))


async def test_the_fixed_code_goes_the_normal_way_and_is_good_once(
    client: httpx.AsyncClient, phones: Phones, stores: Stores
) -> None:
    number = "+919000009876"
    await stores.database.run(lambda db: factories.make_user(db, phone_number=number))
    assert_problem(await _give(client, number, "111111"), 401, "otp_invalid")  # not asked for
    await _ask(client, number)
    assert await phones.code(number) == "111111"
    assert (await _give(client, number, "111111")).status_code == 200
    assert_problem(await _give(client, number, "111111"), 401, "otp_invalid")


async def test_the_log_says_each_minute_that_a_fixed_code_is_on_and_nothing_without_one(
    app: FastAPI, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(development, "WARN_SECONDS", 0.01)
    with structlog.testing.capture_logs() as lines:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(development.warn_of_fixed_code(app, stores), 0.1)
        warnings = [line for line in lines if line["event"] == "fixed_code_on"]
        assert len(warnings) > 1
        assert {line["log_level"] for line in warnings} == {"warning"}
        lines.clear()
        without = replace(stores, settings=stores.settings.model_copy(update={"dev_fixed_otp": ""}))
        await asyncio.wait_for(development.warn_of_fixed_code(app, without), 5)
        assert lines == []
