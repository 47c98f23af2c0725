"""The fixed code of development: for the reserved block 9000000000-9000009999 only, and never in production.

The settings refuse it in production, beside a channel that reaches real phones, on a listener that others can
reach, and with a database not named for development (`core.settings`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from fastapi import FastAPI

from gencharge.core import telemetry
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores

BLOCK: Final = "+91900000"
WARN_SECONDS: Final = 60.0
log = telemetry.get_logger(__name__)


def fixed_codes(settings: Settings, otherwise: Callable[[str], str]) -> Callable[[str], str]:
    """A source that gives the fixed code for the reserved block, and what `otherwise` gives for all other numbers."""
    if not settings.is_development:
        raise ValueError("no fixed codes in production")
    fixed = settings.dev_fixed_otp

    def code(phone_number: str) -> str:
        return (
            fixed if phone_number.startswith(BLOCK) and len(phone_number) == 13 else otherwise(phone_number)
        )

    return code


async def warn_of_fixed_code(_app: FastAPI, stores: Stores) -> None:
    """Write a line to the log each minute as long as a fixed code opens the sample accounts; none without one."""
    while stores.settings.dev_fixed_otp:
        log.warning("fixed_code_on", numbers=f"{BLOCK}0000 to {BLOCK}9999", setting="DEV_FIXED_OTP")
        await asyncio.sleep(WARN_SECONDS)
