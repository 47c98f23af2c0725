"""Money moves through here, and only here.

    await wallet.credit(db, user_id, Money.rupees(500), source_account="opening", code=Code.OPENING, key="seed")
    await wallet.debit(db, user_id, amount, target_account="operator:jio", code=Code.RECHARGE, key=str(recharge_id))

Every movement has a key: the same key and code of one customer is booked once. The answer is the balance that can be
spent afterwards; `replayed` if the movement had been booked before. SQL functions of other rooms (a recharge, a capture)
move money by the same SQL function, `wallet_transfer`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final, Unpack
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.idempotency import Answered
from gencharge.core.postgres.database import Database, WriteConflict
from gencharge.core.settings import Settings
from gencharge.core.values import clock
from gencharge.core.values.ids import SYSTEM_USER_ID, new_id
from gencharge.core.values.money import Money
from gencharge.operators import service as operators
from gencharge.users.models import KycTier
from gencharge.wallet import crud
from gencharge.wallet import history_service as history
from gencharge.wallet.adjustment_requests_service import AdjustmentCreate, AdjustmentReason
from gencharge.wallet.adjustment_requests_service import request as request_adjustment
from gencharge.wallet.crud import TransferDetails
from gencharge.wallet.errors import (
    BalanceLimitExceeded,
    InstantInvalid,
    InsufficientBalance,
    WalletNotFound,
)
from gencharge.wallet.models import Account, Code, Transfer
from gencharge.wallet.schemas import (
    BalanceOut,
    TransactionOut,
    TransactionPage,
    TransactionQuery,
    WalletLimits,
    WalletOut,
)

# For the rooms above that request an adjustment.
__all__ = ["AdjustmentCreate", "AdjustmentReason", "request_adjustment"]
_PAGE: Final = 100


async def open_wallet(db: AsyncSession, user_id: UUID) -> None:
    """Give a customer an empty wallet; nothing happens if there is one."""
    await crud.add_wallet(db, user_id=user_id)


async def credit(
    db: AsyncSession,
    user_id: UUID,
    amount: Money,
    *,
    source_account: str,
    code: Code,
    key: str,
    balance_limit: Money | None = None,
    **details: Unpack[TransferDetails],
) -> Answered[Money]:
    """Put `amount` from `source_account` into the wallet.

    `details` says what it is about (`crud.TransferDetails`). Raises WalletNotFound, and BalanceLimitExceeded if the
    wallet would hold more than `balance_limit`.
    """
    return await _move(
        db,
        user_id,
        amount,
        source_account,
        Account.MAIN,
        code=code,
        key=key,
        balance_limit=balance_limit,
        **details,
    )


async def debit(
    db: AsyncSession,
    user_id: UUID,
    amount: Money,
    *,
    target_account: str,
    code: Code,
    key: str,
    **details: Unpack[TransferDetails],
) -> Answered[Money]:
    """Take `amount` out of the wallet into `target_account`. Raises WalletNotFound, InsufficientBalance."""
    return await _move(db, user_id, amount, Account.MAIN, target_account, code=code, key=key, **details)


async def take_back(
    db: AsyncSession,
    user_id: UUID,
    up_to: Money,
    *,
    target_account: str,
    code: Code,
    key: str,
    **details: Unpack[TransferDetails],
) -> Money:
    """Take `up_to` out of the wallet, or as much of it as can be spent: what was taken, which may be nothing.

    A balance never falls below zero; the caller says what becomes of the rest. Raises WalletNotFound.
    """
    booked = await crud.find_transfer(db, user_id=user_id, key=key, code=code)
    if booked is not None:
        return Money(booked.amount)
    wallet = await crud.lock_wallet(db, user_id=user_id)
    if wallet is None:
        raise WalletNotFound
    amount = min(up_to, Money(max(wallet.posted - wallet.held, 0)))
    if amount:
        await debit(db, user_id, amount, target_account=target_account, code=code, key=key, **details)
    return amount


async def release(
    db: AsyncSession,
    user_id: UUID,
    amount: Money,
    *,
    code: Code,
    key: str,
    **details: Unpack[TransferDetails],
) -> Answered[Money]:
    """Give held money back to what can be spent. Raises WalletNotFound, InsufficientBalance if it is not held."""
    return await _move(db, user_id, amount, Account.HELD, Account.MAIN, code=code, key=key, **details)


async def write_off(
    db: AsyncSession,
    amount: Money,
    *,
    debit_account: str,
    credit_account: str,
    key: str,
    **details: Unpack[TransferDetails],
) -> Answered[Money]:
    """Book a difference with a counterparty between two of our own accounts; no customer's balance changes.

    The system user owns the movement, so it is in no customer's history. `details` as for `credit`.
    """
    await crud.add_wallet(db, user_id=SYSTEM_USER_ID)
    return await _move(
        db, SYSTEM_USER_ID, amount, debit_account, credit_account, code=Code.WRITE_OFF, key=key, **details
    )


async def _move(
    db: AsyncSession,
    user_id: UUID,
    amount: Money,
    debit_account: str,
    credit_account: str,
    *,
    code: Code,
    key: str,
    balance_limit: Money | None = None,
    **details: Unpack[TransferDetails],
) -> Answered[Money]:
    if not amount:
        raise ValueError("the amount must be above zero")
    if unknown := details.keys() - TransferDetails.__annotations__.keys():
        raise TypeError(f"a transfer has no {', '.join(sorted(unknown))}")
    if await crud.find_transfer(db, user_id=user_id, key=key, code=code) is not None:
        return Answered(await available(db, user_id), replayed=True)
    try:
        after = await crud.add_transfer(
            db,
            user_id=user_id,
            transfer_id=new_id(),
            debit=str(debit_account),
            credit=str(credit_account),
            amount=amount.paise,
            code=code,
            key=key,
            balance_limit=None if balance_limit is None else balance_limit.paise,
            details=details,
        )
    except IntegrityError as error:
        if "uq_transfers_key" not in str(error.orig):
            raise
        # Another transaction booked this key while this one waited for the wallet: run again, and replay.
        raise WriteConflict from error
    if after is None:
        await available(db, user_id)  # raises WalletNotFound
        raise BalanceLimitExceeded if balance_limit is not None else InsufficientBalance
    return Answered(Money(after.posted - after.held))


async def available(db: AsyncSession, user_id: UUID) -> Money:
    """What the customer can spend now. Raises WalletNotFound."""
    wallet = await crud.get_wallet(db, user_id=user_id)
    if wallet is None:
        raise WalletNotFound
    return Money(wallet.posted - wallet.held)


async def available_of(db: AsyncSession, user_ids: Collection[UUID]) -> dict[UUID, Money]:
    """What each of these customers can spend now; who has no wallet is left out."""
    return {user_id: Money(paise) for user_id, paise in (await crud.list_available(db, user_ids)).items()}


async def show(database: Database, user_id: UUID, settings: Settings) -> WalletOut:
    """The wallet, in one round trip. Raises WalletNotFound."""
    balance = await crud.get_balance(database, user_id=user_id)
    if balance is None:
        raise WalletNotFound
    posted, held, kyc_tier = balance
    return WalletOut(balance=Money(posted - held), held=Money(held), limits=limits(settings, kyc_tier))


def limits(settings: Settings, kyc_tier: str | None = "small") -> WalletLimits:
    """The limits of a KYC tier: `small` (minimum details) or `full`."""
    if kyc_tier == KycTier.FULL:
        return _limits("full", settings.wallet_full_balance_limit, None, None)
    return _limits(
        "small",
        settings.wallet_small_balance_limit,
        settings.wallet_small_monthly_load_limit,
        settings.wallet_small_yearly_load_limit,
    )


@lru_cache(maxsize=16)
def _limits(kyc_tier: str, balance: int, monthly: int | None, yearly: int | None) -> WalletLimits:
    return WalletLimits(
        kyc_tier=kyc_tier,
        balance=Money.rupees(balance),
        monthly_load=None if monthly is None else Money.rupees(monthly),
        yearly_load=None if yearly is None else Money.rupees(yearly),
    )


async def list_of_references(
    db: AsyncSession, user_id: UUID, references: Sequence[UUID]
) -> Sequence[Transfer]:
    """The customer's transfers about these objects (recharges, payments), as they were booked, the oldest first."""
    return await crud.list_of_references(db, user_id, references)


async def balance_at(db: AsyncSession, user_id: UUID, at: datetime | None) -> BalanceOut:
    """What the wallet held at an instant (None: now), from its transfers. Raises WalletNotFound, InstantInvalid."""
    now = clock.now()
    if at is not None and at > now:
        raise InstantInvalid
    if await crud.get_wallet(db, user_id=user_id) is None:
        raise WalletNotFound
    posted, held = await crud.sum_transfers(db, user_id=user_id, until=at)
    # Old transfers may be microseconds out of order, and a sum between two of them below zero.
    posted, held = max(posted, 0), max(held, 0)
    return BalanceOut(
        user_id=user_id,
        at=at or now,
        posted=Money(posted),
        held=Money(held),
        available=Money(max(posted - held, 0)),
    )


async def walk_history(
    database: Database, user_id: UUID, *, since: datetime | None, until: datetime | None
) -> AsyncIterator[Sequence[TransactionOut]]:
    """All of the customer's history from an instant to before another one, the oldest first, a page at a time."""
    names = (await database.run(operators.load_operators)).names
    query = TransactionQuery(limit=_PAGE, sort="created_at").model_copy(
        update={"since": since, "until": until}
    )
    cursor: str | None = ""
    while cursor is not None:
        query = query.model_copy(update={"cursor": cursor or None})
        page = await database.run(_page_of(user_id, query, names))
        yield page.items
        cursor = page.next_cursor


def _page_of(
    user_id: UUID, query: TransactionQuery, names: Mapping[str, str]
) -> Callable[[AsyncSession], Awaitable[TransactionPage]]:
    return lambda db: history.list_transactions(db, user_id, query, names)
