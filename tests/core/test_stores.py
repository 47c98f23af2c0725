"""The stores of a process close within a bound, however one of them fails."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any, cast

import pytest

from gencharge.core.settings import Settings
from gencharge.core.stores import stores as module
from gencharge.core.stores.stores import Stores


class _Store:
    """Closes after `seconds`, or fails."""

    def __init__(self, seconds: float = 0, error: Exception | None = None) -> None:
        self.seconds, self.error = seconds, error
        self.closed = False

    async def close(self) -> None:
        await asyncio.sleep(self.seconds)
        if self.error:
            raise self.error
        self.closed = True

    aclose = close


async def test_a_store_that_hangs_or_fails_does_not_keep_the_others_open(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CLOSE_SECONDS", 0.2)
    opened = Stores.open(settings)
    hangs, fails, closes = _Store(seconds=60), _Store(error=OSError("broken pipe")), _Store()
    broken = replace(opened, database=cast(Any, hangs), mongo=cast(Any, fails), redis=cast(Any, closes))
    started = time.monotonic()
    await broken.close()
    assert time.monotonic() - started < 10
    assert closes.closed
    assert not hangs.closed
    await opened.close()
