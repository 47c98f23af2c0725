"""A served application for a file of tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gencharge.core.settings import Settings
from tests.make.live import Served, serving


@pytest.fixture
async def served(settings: Settings) -> AsyncIterator[Served]:
    async with serving(settings) as served:
        yield served
