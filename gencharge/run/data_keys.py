"""`gencharge secrets rotate`, and what other commands say about the data keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from gencharge import wiring
from gencharge.core.errors import Problem
from gencharge.core.rooms import data_keys
from gencharge.core.settings import Settings
from gencharge.core.stores.stores import Stores
from gencharge.core.vault import crud
from gencharge.run.embedded import ServerFailed

T = TypeVar("T")


async def rotate(settings: Settings, say: Callable[[str], None]) -> bool:
    """Encrypt everything under a new data key; False if something is left. Raises ServerFailed."""
    return await _with_stores(settings, lambda stores: data_keys.rotate(stores, wiring.SEALED_DOCUMENTS, say))


async def rewrap(settings: Settings, say: Callable[[str], None]) -> bool:
    """Wrap the data keys under DATA_KEY; False if one is left. Raises ServerFailed."""
    return await _with_stores(settings, lambda stores: data_keys.rewrap(stores, say))


async def examine(settings: Settings) -> tuple[str, str]:
    """The state of the data keys, and what is wrong and what to do ("" if nothing is). Raises ServerFailed."""
    return await _with_stores(
        settings, lambda stores: data_keys.problem_with(stores, wiring.SEALED_DOCUMENTS)
    )


async def refusal(settings: Settings) -> str | None:
    """Why no process may start with these settings. None if they fit, or if PostgreSQL does not answer."""

    async def look(stores: Stores) -> str | None:
        return data_keys.refusal(settings, await crud.read_keys(stores.database))

    try:
        return await _with_stores(settings, look)
    except ServerFailed:
        return None


async def _with_stores(settings: Settings, work: Callable[[Stores], Awaitable[T]]) -> T:
    stores = Stores.open(settings, name="gencharge-secrets")
    try:
        return await work(stores)
    except Problem as problem:
        raise ServerFailed(problem.detail) from None
    finally:
        await stores.close()
