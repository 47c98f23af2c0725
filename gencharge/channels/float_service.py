"""Asks the operators for our balance (the float), from which they take what they deliver, and says when it runs low.

A channel without money refuses each recharge, which then takes the next channel, or fails. Each question is a call outside of
transactions; what it says is written down in one of its own. A question without a usable answer changes nothing but `failure`.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels import crud, health_crud
from gencharge.channels.client import OperatorClient
from gencharge.channels.events import ChannelFloatLow
from gencharge.channels.routing import Channel
from gencharge.channels.service import load_channels
from gencharge.core import telemetry
from gencharge.core.events.events import emit
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID

ASK_SECONDS: Final = 5.0
_MAX_PAISE: Final = 2**53
log = telemetry.get_logger(__name__)


async def ask_all(stores: Stores) -> None:
    """Ask each channel that recharges may take."""
    client = OperatorClient(stores.settings, timeout_seconds=ASK_SECONDS)
    try:
        await ask(stores, client)
    finally:
        await client.close()


async def ask(stores: Stores, client: OperatorClient) -> None:
    """Ask each channel, one after the other: this hurries nobody."""
    snapshot = await stores.database.run(load_channels)
    for code in await stores.database.run(health_crud.list_to_ask):
        channel = snapshot.get(code)
        if channel is not None:
            await _ask_one(stores, client, channel)


async def _ask_one(stores: Stores, client: OperatorClient, channel: Channel) -> None:
    balance, failure = None, None
    try:
        balance = _read(await client.fetch(channel, "/balance"))
    except Exception as error:
        # Whatever went wrong, the next channel is asked, too.
        failure = type(error).__name__
        log.info("channel_float_unknown", channel=channel.code, failure=failure)
    await stores.database.run(lambda db: note(db, channel.code, balance, failure))


def _read(document: object) -> int:
    """The balance in paise. Raises ValueError."""
    balance = document.get("balance_paise") if isinstance(document, dict) else None
    if not isinstance(balance, int) or isinstance(balance, bool) or abs(balance) > _MAX_PAISE:
        raise ValueError("not a balance")
    return balance


async def note(db: AsyncSession, code: str, balance: int | None, failure: str | None) -> None:
    """Write down what a channel answered, and announce a balance that has become low, once until it is no longer."""
    channel = await crud.lock_channel(db, code)
    if channel is None:
        return
    now = clock.now()
    if balance is None:
        await health_crud.put_float(db, code, asked_at=now, failure=failure)
        return
    known = await health_crud.get_float(db, code)
    is_low = balance < channel.low_float
    was_low = known.low_since if known is not None else None
    await health_crud.put_float(
        db,
        code,
        balance=balance,
        answered_at=now,
        asked_at=now,
        failure=None,
        low_since=(was_low or now) if is_low else None,
    )
    if is_low and was_low is None:
        await emit(
            db,
            ChannelFloatLow(
                user_id=str(SYSTEM_USER_ID),
                channel_id=code,
                operator=channel.operator,
                balance_paise=balance,
                low_float_paise=channel.low_float,
            ),
        )
